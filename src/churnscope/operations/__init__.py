"""What touches the disk once the numbers are known: atomic files, output sets, locks, the run ledger, exports, logs."""
