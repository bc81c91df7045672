"""What each customer is worth, read from a file that `value` wrote, or one like it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.errors import InputError, nearest
from churnscope.files import file_sha256
from churnscope.operations.exports import export, read_export
from churnscope.project.money.list_inputs import ALIVE, IF_KEPT, LEAST_ALIVE

COLUMNS = ("customer_id", "value")
IF_BACK = "value_if_back"


@dataclass(frozen=True, eq=False)
class CustomerValues:
    """Values by customer, with the name and the SHA-256 of the file."""

    name: str
    ids: pa.ChunkedArray
    values: NDArray[np.float64]
    sha256: str

    @classmethod
    def read(cls, path: Path, *, if_back: bool = False) -> CustomerValues:
        """The columns `customer_id` and `value` of a `.csv` or `.parquet` file.

        Where it has `alive_probability`, as `value` writes it, the value is an expectation over who may be gone already, and
        that of a customer who stays is it over this probability. Where it has `value_if_kept`, as for contracts, that is it.

        Parameters
        ----------
        if_back : whether it is asked what those are worth who come back; of a file of `value` that is `value_if_back`.

        Raises
        ------
        ConfigError : for another ending.
        InputError : when the file holds something else, a customer twice, or a value that is missing; and when it is one of
            `value` from before that told what a return is worth, and this is asked.
        StorageError : when it cannot be read.
        """
        export(path)
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.", "Name a file that churnscope value wrote.")
        try:
            table = read_export(path)
        except pa.ArrowInvalid as error:
            raise InputError(f"{path.name} cannot be read as a table.", "Give a file that `churnscope value` wrote.") from error
        by_model = ALIVE in table.column_names
        by_contract = IF_KEPT in table.column_names
        asked = IF_BACK if by_model and if_back else IF_KEPT if by_contract and not if_back else "value"
        if (by_model or by_contract) and if_back and IF_BACK not in table.column_names:
            raise InputError(
                f"{path.name} does not say what a customer is worth who comes back.",
                "It is of contracts in force: name a file of customer_id and value."
                if by_contract
                else "It is of an earlier version: run churnscope value again.",
            )
        for name in COLUMNS:
            if name not in table.column_names:
                raise InputError(f"{path.name}: there is no column {name}.", nearest(name, table.column_names))
        ids, values = table.column("customer_id").cast(pa.string()), table.column(asked)
        if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
            raise InputError(f"{path.name}, column {asked}: it holds {values.type}, not numbers.", "Write 12.5 for a value.")
        numbers = values.cast(pa.float64()).to_numpy()
        if not np.isfinite(numbers).all() or len(pc.unique(ids)) < len(ids):
            raise InputError(
                f"{path.name}: a value is missing, or a customer stands in it twice.", "Give each customer one row."
            )
        if by_model and asked == "value":
            numbers = numbers / np.maximum(table.column(ALIVE).cast(pa.float64()).to_numpy(), LEAST_ALIVE)
        return cls(path.name, ids, numbers, file_sha256(path))

    def of(self, ids: NDArray[np.object_], otherwise: float) -> NDArray[np.float64]:
        """The values of some customers, in their order; of those who are not in the file, `otherwise`."""
        place = pc.index_in(pa.array(ids, pa.string()), value_set=self.ids.combine_chunks())
        found = pc.fill_null(place, 0).to_numpy(zero_copy_only=False)
        known = pc.is_valid(place).to_numpy(zero_copy_only=False)
        return np.where(known, self.values[found], otherwise) if len(self.values) else np.full(len(ids), otherwise)
