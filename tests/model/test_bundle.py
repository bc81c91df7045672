"""A saved model comes back the same, or is refused with advice; nothing in it is ever executed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import stat
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from churnscope.errors import ModelError, StorageError
from churnscope.model.bundle import (
    Bundle,
    champion,
    champions_before,
    promote,
    read_bundle,
    resolve,
    rollback,
    versions,
    write_bundle,
)
from churnscope.model.contents import to_json
from churnscope.model.no_purchase import NoPurchase
from churnscope.model.training import train
from churnscope.value import BGNBD

from .conftest import SETTINGS, TIMING, snapshots

AS_OF = 230


def bundle_of(trained, as_of=AS_OF):
    return Bundle(
        name="shop",
        as_of=as_of,
        final=trained.final,
        evaluation=trained.evaluation,
        small=trained.small,
        dropped=trained.dropped,
        profile=trained.profile,
        plan={
            "windows_days": [30],
            "families": [],
            "plugins": "",
            "columns": {"purchases": ["amount"]},
            "levels": {"customers": {"plan": ["Basic", "Two year"]}},
            "stages": {},
        },
        config={"name": "shop"},
        definition={"timing": {"horizon_days": TIMING.horizon_days}},
        figures={"auroc": 0.75},
    )


@pytest.fixture(scope="module")
def bundle(trained):
    return bundle_of(trained)


@pytest.fixture(scope="module")
def original(bundle, tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("models"), bundle)


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / original.name)


def rewrite(folder, name, content):
    """Change a file and make the manifest agree, as someone who knows the format would."""
    (folder / name).write_bytes(content)
    reseal(folder)


def edit(folder, name, change):
    saved = json.loads((folder / name).read_bytes())
    change(saved)
    rewrite(folder, name, to_json(saved))


def reseal(folder):
    from churnscope.model import bundle as module

    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    version = module._version(manifest["version"][:10], files)
    (folder / "manifest.json").write_bytes(module._manifest("shop", version, files))


def test_a_model_of_an_earlier_version_has_no_levels(folder):
    edit(folder, "features.json", lambda saved: saved["plan"].pop("levels"))
    assert read_bundle(folder).plan["levels"] == {}


def test_what_was_saved_comes_back(original, bundle, table):
    back = read_bundle(original)
    assert back.version == original.name
    for use in ("final", "evaluation"):
        saved, read = getattr(bundle, use), getattr(back, use)
        answers, again = (model.probabilities(table.features, AS_OF) for model in (saved, read))
        assert {name: values.tolist() for name, values in answers.items()} == {
            name: values.tolist() for name, values in again.items()
        }
        assert np.array_equal(saved.contributions(table.features[:99]), read.contributions(table.features[:99]))
    for name in ("name", "as_of", "specs", "small", "dropped", "plan", "config", "definition", "figures"):
        assert getattr(back, name) == getattr(bundle, name)


def test_a_model_of_the_small_recipe_comes_back(tmp_path, split, table):
    churned = (table.churned * np.isin(table.customer, np.arange(100))).astype(np.int8)
    trained = train(replace(table, churned=churned), split, SETTINGS, threads=1)
    assert trained.small
    back = read_bundle(write_bundle(tmp_path, bundle_of(trained)))
    assert np.array_equal(back.final.predict(table.features, AS_OF), trained.final.predict(table.features, AS_OF))
    assert back.small


def test_the_version_is_the_day_and_a_hash_of_the_contents(original, bundle, tmp_path):
    assert original.name.startswith("1970-08-19-")
    assert write_bundle(tmp_path, bundle).name == original.name
    assert write_bundle(tmp_path, replace(bundle, figures={"auroc": 0.76})).name != original.name
    assert len(versions(tmp_path, "shop")) == 2


def test_the_same_bundle_again_changes_nothing(tmp_path, bundle):
    first = write_bundle(tmp_path, bundle)
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in first.iterdir()}
    write_bundle(tmp_path, bundle)
    assert {path: (path.stat().st_ino, path.read_bytes()) for path in first.iterdir()} == before


def test_the_folder_is_the_owners_alone_and_nothing_is_left_beside_it(original):
    assert stat.S_IMODE(original.stat().st_mode) == 0o700
    assert sorted(path.name for path in original.parent.iterdir()) == sorted([original.name, "latest.json"])


def test_no_row_of_a_customer_is_in_it(original, table):
    saved = json.loads((original / "selftest.json").read_bytes())
    rows = np.array(saved["rows"], np.float64).astype(np.float32)
    known = {tuple(row) for row in np.nan_to_num(table.features, nan=-1).tolist()}
    assert not known & {tuple(row) for row in np.nan_to_num(rows, nan=-1).tolist()}


def test_a_failed_write_leaves_nothing(tmp_path, bundle, monkeypatch):
    calls = []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        write_bundle(tmp_path, bundle)
    assert list((tmp_path / "shop").iterdir()) == []


# hostile folders


def append_to_a_file(folder):
    with (folder / "final_0.txt").open("ab") as file:
        file.write(b"\n")


def cut_a_text(folder):
    rewrite(folder, "final_0.txt", (folder / "final_0.txt").read_bytes()[:3000])


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def add_a_pickle(folder):
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb()))


def add_a_listed_pickle(folder):
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb()))
    reseal(folder)


def pickle_as_json(folder):
    rewrite(folder, "calibration.json", pickle.dumps(Bomb()))


def link_a_file(folder):
    target = folder.parent / "elsewhere.json"
    (folder / "config.json").rename(target)
    (folder / "config.json").symlink_to(target)


def make_a_pipe(folder):
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")


def point_outside(folder):
    shutil.copy(folder / "final_0.txt", folder.parent / "final_0.txt")
    edit(folder, "model.json", lambda saved: saved["final"].update(files=["../final_0.txt", "final_1.txt"]))


def list_a_file_outside(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["../secret.json"] = "0" * 64
    (folder / "manifest.json").write_bytes(to_json(manifest))


def grow_many_trees(folder):
    text = (folder / "final_0.txt").read_text()
    head, first, *_ = text.split("\nTree=")
    rewrite(folder, "final_0.txt", ("\nTree=".join([head, *[first] * 30_000]) + "\nend of trees\n").encode())


def poison_a_leaf(folder):
    text = (folder / "final_0.txt").read_text()
    place = text.index("leaf_value=") + len("leaf_value=")
    rewrite(folder, "final_0.txt", f"{text[:place]}nan{text[text.index(' ', place) :]}".encode())


def swap_names_in_the_text(folder):
    text = (folder / "final_0.txt").read_text()
    names = "days_since_last_purchase purchase_overdue_ratio"
    assert names in text
    rewrite(folder, "final_0.txt", text.replace(names, " ".join(reversed(names.split()))).encode())


def swap_features(folder):
    def swap(saved):
        specs = saved["specs"]
        specs[0], specs[3] = specs[3], specs[0]

    edit(folder, "features.json", swap)


def change_the_objective(folder):
    text = (folder / "final_0.txt").read_text()
    rewrite(folder, "final_0.txt", text.replace("objective=binary sigmoid:1", "objective=regression").encode())


def forget_the_mapping(folder):
    edit(folder, "features.json", lambda saved: saved["plan"].pop("columns"))


def forget_a_file(folder):
    (folder / "features.json").unlink()


def forget_a_file_and_its_hash(folder):
    (folder / "features.json").unlink()
    reseal(folder)


def come_from_the_future(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(to_json(manifest | {"format": 99}))


def be_an_archive(folder):
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    with zipfile.ZipFile(folder, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def be_a_link(folder):
    real = folder.rename(folder.with_name("real"))
    folder.symlink_to(real)


def claim_another_version(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(to_json(manifest | {"version": "2020-01-01-00000000"}))


def nest_deeply(folder):
    rewrite(folder, "figures.json", b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def smuggle_nan(folder):
    rewrite(folder, "calibration.json", b'{"final": {"beta": {"a": NaN, "b": 1, "c": 0}, "season": null}}')


def reach_into_objects(folder):
    edit(folder, "features.json", lambda saved: saved["specs"][0].update(sentence="{value.__class__}"))


def pad_without_end(folder):
    edit(folder, "features.json", lambda saved: saved["specs"][0].update(sentence="{value:9999999999.0f}"))


def change_a_leaf(folder):
    text = (folder / "final_0.txt").read_text()
    place = text.index("leaf_value=") + len("leaf_value=")
    rewrite(folder, "final_0.txt", f"{text[:place]}0.9{text[text.index(' ', place) :]}".encode())


def unknown_baseline(folder):
    edit(folder, "baselines.json", lambda saved: saved["final"][0].update(kind="os.system"))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (append_to_a_file, "hash differs"),
        (cut_a_text, "cut off|finite numbers|no readable"),
        (add_a_pickle, "does not belong to a model: 'model.pkl'"),
        (add_a_listed_pickle, "does not belong to a model: 'model.pkl'"),
        (pickle_as_json, "calibration.json is missing or damaged"),
        (link_a_file, "is a link or not a plain file"),
        (make_a_pipe, "is a link or not a plain file"),
        (point_outside, "model.json is missing or damaged"),
        (list_a_file_outside, "'../secret.json' is missing"),
        (grow_many_trees, "more than the 25,000"),
        (poison_a_leaf, "leaf_value line"),
        (swap_names_in_the_text, "feature names"),
        (swap_features, "self-test"),
        (change_the_objective, "not binary"),
        (forget_the_mapping, "features.json is missing or damaged"),
        (forget_a_file, "'features.json' is missing"),
        (forget_a_file_and_its_hash, "features.json is missing or damaged"),
        (come_from_the_future, "format 99"),
        (be_an_archive, "is not a folder"),
        (be_a_link, "is not a folder"),
        (claim_another_version, "version in its manifest"),
        (nest_deeply, "figures.json is missing or damaged"),
        (smuggle_nan, "calibration.json is missing or damaged"),
        (reach_into_objects, "features.json is missing or damaged"),
        (pad_without_end, "features.json is missing or damaged"),
        (change_a_leaf, "self-test"),
        (unknown_baseline, "baselines.json is missing or damaged"),
    ],
)
def test_a_hostile_folder_is_refused(folder, harm, message):
    harm(folder)
    with pytest.raises(ModelError, match=message) as refusal:
        read_bundle(folder)
    assert refusal.value.exit_code == 9
    assert refusal.value.advice


def test_a_model_that_anyone_may_change_is_refused(folder):
    folder.chmod(0o777)
    with pytest.raises(StorageError, match="anyone may change this model"):
        read_bundle(folder)


def test_a_folder_that_is_not_there_says_how_to_get_one(tmp_path):
    with pytest.raises(ModelError, match="churnscope train"):
        read_bundle(tmp_path / "nowhere")


# which model


def test_the_champion_is_the_promoted_one_and_the_latest_the_last_written(tmp_path, bundle):
    first = write_bundle(tmp_path, bundle)
    promote(tmp_path, "shop", first.name)
    second = write_bundle(tmp_path, replace(bundle, figures={}))
    assert resolve(tmp_path, "shop", "champion") == first
    assert resolve(tmp_path, "shop", "latest") == second
    assert resolve(tmp_path, "shop", second.name) == second
    assert champion(tmp_path, "shop") == first.name


def test_without_a_champion_it_says_how_to_get_one(tmp_path, bundle):
    with pytest.raises(ModelError, match=r"(?s)no champion.*churnscope train"):
        resolve(tmp_path, "shop", "champion")
    version = write_bundle(tmp_path, bundle).name
    with pytest.raises(ModelError, match=rf"(?s)no champion.*models promote.*--model latest.*{version}"):
        resolve(tmp_path, "shop", "champion")
    assert champion(tmp_path, "shop") is None


def test_a_damaged_model_cannot_be_promoted(tmp_path, bundle):
    first = write_bundle(tmp_path, bundle)
    promote(tmp_path, "shop", first.name)
    second = write_bundle(tmp_path, replace(bundle, figures={}))
    append_to_a_file(second)
    with pytest.raises(ModelError, match="hash differs"):
        promote(tmp_path, "shop", second.name)
    assert champion(tmp_path, "shop") == first.name


def test_champions_can_be_taken_back_one_by_one(tmp_path, bundle):
    one, two, three = (write_bundle(tmp_path, replace(bundle, figures={"auroc": auroc})).name for auroc in (0.7, 0.8, 0.9))
    for version in (one, two, three, three):
        promote(tmp_path, "shop", version)
    assert champions_before(tmp_path, "shop") == (one, two)
    assert [rollback(tmp_path, "shop"), rollback(tmp_path, "shop")] == [two, one]
    assert champion(tmp_path, "shop") == one
    with pytest.raises(ModelError, match=r"(?s)no champion before.*models promote"):
        rollback(tmp_path, "shop")


def test_a_champion_of_an_earlier_format_is_read_and_followed(tmp_path, bundle):
    first, second = (write_bundle(tmp_path, replace(bundle, figures={"auroc": auroc})).name for auroc in (0.7, 0.8))
    (tmp_path / "shop" / "champion.json").write_text(json.dumps({"version": first}))
    assert (champion(tmp_path, "shop"), champions_before(tmp_path, "shop")) == (first, ())
    promote(tmp_path, "shop", second)
    assert rollback(tmp_path, "shop") == first


@pytest.mark.parametrize("before", ["x", ["../../etc"], [3]])
def test_earlier_champions_that_are_no_versions_are_refused(tmp_path, bundle, before):
    version = write_bundle(tmp_path, bundle).name
    (tmp_path / "shop" / "champion.json").write_text(json.dumps({"version": version, "before": before}))
    with pytest.raises(ModelError, match="does not name versions"):
        champions_before(tmp_path, "shop")


def test_p0_comes_back_as_a_baseline_and_as_what_stands_in(tmp_path, bundle):
    names = [spec.name for spec in bundle.specs]
    model = BGNBD((0.8, 6.0, 0.9, 2.5))
    rule = NoPurchase(model, 30, 0, tuple(names[1:4]), (1, 2, 3), np.array([1.0, 20, 60]), 0.4, len(names))
    final = replace(bundle.final, scorer=rule, baselines=(*bundle.final.baselines, rule))
    back = read_bundle(write_bundle(tmp_path, replace(bundle, final=final, stands_in="P0")))
    rows = bundle.profile.rows(200, np.random.default_rng(3))
    assert np.array_equal(back.final.contributions(rows), rule.contributions(rows))
    assert np.array_equal(back.final.baselines[-1].predict(rows), rule.predict(rows))


def test_a_rule_that_stands_in_says_so_and_latest_stays(tmp_path, bundle):
    latest = write_bundle(tmp_path, bundle)
    other = write_bundle(tmp_path, replace(bundle, stands_in="recency rule"), latest=False)
    assert read_bundle(other).stands_in == "recency rule"
    assert read_bundle(latest).stands_in == ""
    assert resolve(tmp_path, "shop", "latest") == latest


def test_a_version_that_is_not_there_is_named_with_the_nearest(tmp_path, bundle):
    version = write_bundle(tmp_path, bundle).name
    wrong = version[:-1] + ("0" if version[-1] != "0" else "1")
    with pytest.raises(ModelError, match=rf"(?s)no version {wrong}.*{version}"):
        resolve(tmp_path, "shop", wrong)


@pytest.mark.parametrize("content", [b"{}", b'{"version": "../../etc"}', b"not json", b"[]"])
def test_a_pointer_that_does_not_name_a_version_is_refused(tmp_path, content):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "champion.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"champion\.json"):
        resolve(tmp_path, "shop", "champion")


def test_reading_a_model_loads_neither_lightgbm_nor_scikit_learn(original):
    import subprocess
    import sys

    code = (
        "import sys, pathlib\n"
        "from churnscope.model.bundle import read_bundle\n"
        "read_bundle(pathlib.Path(sys.argv[1]))\n"
        "print(sorted({'lightgbm', 'sklearn', 'mlflow', 'pandas', 'pickle'} & sys.modules.keys() - {'pickle'}))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(original)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_training_twice_gives_the_same_bytes_at_any_number_of_threads(tmp_path, split, bundle, original):
    again = write_bundle(tmp_path, bundle_of(train(snapshots(), split, SETTINGS, threads=2)))
    assert again.name == original.name
    for path in original.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes()


def test_what_a_search_chose_is_kept(tmp_path, bundle):
    found = {"trials": 20, "chosen": {"leaves": 4}, "better": True}
    assert read_bundle(write_bundle(tmp_path, replace(bundle, tuned=found))).tuned == found
