"""What hovers tell of reruns of pyarrow's writers: each is run twice over the same rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.framework

ORDERS = pa.table({"id": [1, 2], "day": ["a", "b"]})


def rows(folder: Path) -> int:
    """How many rows a folder of files holds."""
    return int(ds.dataset(folder, format="parquet", partitioning="hive").count_rows())


def test_write_to_dataset_adds_the_rows_once_more(tmp_path: Path) -> None:
    for _ in range(2):
        pq.write_to_dataset(ORDERS, tmp_path, partition_cols=["day"])
    assert rows(tmp_path) == 4


def test_delete_matching_replaces_the_partitions_that_come(tmp_path: Path) -> None:
    for each in (ORDERS, ORDERS, ORDERS.slice(0, 1)):
        pq.write_to_dataset(each, tmp_path, partition_cols=["day"], existing_data_behavior="delete_matching")
    assert rows(tmp_path) == 2


def test_write_dataset_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    ds.write_dataset(ORDERS, tmp_path, format="parquet")
    with pytest.raises(pa.ArrowInvalid, match="not empty"):
        ds.write_dataset(ORDERS, tmp_path, format="parquet")


def test_overwrite_or_ignore_leaves_files_of_another_name(tmp_path: Path) -> None:
    ds.write_dataset(ORDERS, tmp_path, format="parquet", basename_template="first-{i}.parquet")
    for _ in range(2):
        ds.write_dataset(ORDERS, tmp_path, format="parquet", existing_data_behavior="overwrite_or_ignore")
    assert rows(tmp_path) == 4


def test_write_table_replaces_the_file(tmp_path: Path) -> None:
    for _ in range(2):
        pq.write_table(ORDERS, tmp_path / "orders.parquet")
    assert pq.read_metadata(tmp_path / "orders.parquet").num_rows == 2
