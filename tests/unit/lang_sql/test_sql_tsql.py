"""T-SQL ends statements without a semicolon: where each query and each change of rows inside a body starts and ends."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement

BODIES = {
    "a procedure": (
        """CREATE PROCEDURE dbo.load_sales @day AS DATE, @full BIT = 0 AS
BEGIN
  SET NOCOUNT ON
  DECLARE @n INT
  SELECT @n = COUNT(*) FROM dbo.sales WHERE day = @day
  IF @n > 0 AND EXISTS (SELECT 1 FROM dbo.lock)
  BEGIN
    DELETE FROM dbo.sales WHERE day = @day
    INSERT INTO dbo.sales (id, day)
    SELECT id, day FROM stage.sales WITH (NOLOCK) WHERE day = @day
    UNION ALL
    SELECT id, day FROM stage.late
  END
  ELSE
    UPDATE s SET total = CASE WHEN s.total > 0 THEN s.total ELSE 0 END FROM dbo.sales s WHERE s.day = @day
  EXEC dbo.after_load @day
  RETURN 0
END""",
        [
            "SELECT @n = COUNT(*) FROM dbo.sales WHERE day = @day",
            "DELETE FROM dbo.sales WHERE day = @day",
            "INSERT INTO dbo.sales (id, day) … UNION ALL SELECT id, day FROM stage.late",
            "UPDATE s SET total = CASE … WHERE s.day = @day",
        ],
    ),
    "WITH in front of a change": (
        """CREATE PROC p AS
WITH late AS (SELECT id, MIN(at) AS first FROM t GROUP BY id)
UPDATE s SET ended = late.first FROM dbo.s s JOIN late ON s.id = late.id WHERE s.ended IS NULL
;WITH a (n) AS (SELECT 1) INSERT INTO t (n) SELECT n FROM a
SELECT 1""",
        [
            "WITH late AS … WHERE s.ended IS NULL",
            "WITH a (n) AS (SELECT 1) INSERT INTO t (n) SELECT n FROM a",
            "SELECT 1",
        ],
    ),
    "MERGE": (
        """CREATE OR ALTER PROCEDURE p AS BEGIN
MERGE INTO dbo.d AS t USING stage.d AS s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET t.name = s.name
WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)
WHEN NOT MATCHED BY SOURCE THEN DELETE
OUTPUT $action;
SELECT @@ROWCOUNT
END""",
        ["MERGE INTO dbo.d AS t … OUTPUT $action", "SELECT @@ROWCOUNT"],
    ),
    "TRY and CATCH": (
        """BEGIN TRY
  BEGIN TRANSACTION
  DELETE dbo.t WHERE id = 1
  TRUNCATE TABLE dbo.u
  INSERT dbo.t (id) VALUES (1)
  COMMIT
END TRY
BEGIN CATCH
  ROLLBACK
  SELECT ERROR_MESSAGE() AS [select]
END CATCH""",
        ["DELETE dbo.t WHERE id = 1", "INSERT dbo.t (id) VALUES (1)", "SELECT ERROR_MESSAGE() AS [select]"],
    ),
    "rows of a procedure, which nobody sees here": (
        "CREATE PROC p AS INSERT INTO #t (a) EXEC dbo.q SELECT a FROM #t ORDER BY a OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY",
        ["SELECT a FROM #t ORDER BY a OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY"],
    ),
    "a cursor": (
        """CREATE PROC p AS
DECLARE c CURSOR FOR SELECT id FROM t FOR UPDATE OF name
OPEN c
FETCH NEXT FROM c INTO @id
WHILE @@FETCH_STATUS = 0 BEGIN
  UPDATE t SET name = 'x' WHERE CURRENT OF c
  FETCH NEXT FROM c INTO @id
END
CLOSE c DEALLOCATE c""",
        ["SELECT id FROM t"],
    ),
    "a function that is a query": (
        "CREATE FUNCTION f (@a INT) RETURNS TABLE AS RETURN SELECT id FROM t WHERE a = @a",
        ["SELECT id FROM t WHERE a = @a"],
    ),
    "what an IF asks for is not made": (
        "IF OBJECT_ID('dbo.t') IS NOT NULL DROP TABLE dbo.t",
        [],
    ),
    "options and hints": (
        """CREATE TRIGGER g ON dbo.t AFTER INSERT, UPDATE AS
IF UPDATE(name) SELECT a FROM t INNER MERGE JOIN u ON t.id = u.id GROUP BY a WITH ROLLUP
ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (a) ON DELETE CASCADE
PRINT 'done'""",
        ["SELECT a FROM t INNER MERGE JOIN u ON t.id = u.id GROUP BY a WITH ROLLUP"],
    ),
    "comments and quotes hide words": (
        "CREATE PROC p AS SELECT 'END SELECT' AS a /* DELETE */ FROM t -- UPDATE t\nWHERE [update] = 1 PRINT 'x'",
        ["SELECT 'END SELECT' AS a … WHERE [update] = 1"],
    ),
}


def shortened(text: str, like: str) -> str:
    """The text on one line; only its ends where ``like`` leaves out its middle."""
    whole = " ".join(text.split())
    if "…" not in like:
        return whole
    first, last = (part.strip() for part in like.split("…"))
    return f"{whole[: len(first)]} … {whole[-len(last) :]}"


@pytest.mark.parametrize("name", BODIES)
def test_the_statements_of_a_body(name: str) -> None:
    text, expected = BODIES[name]
    facts = read_statement(text, "tsql")
    assert not facts.error
    found = [span.of(text) for span in facts.inner]
    assert [shortened(one, like) for one, like in zip(found, expected, strict=True)] == expected
    for one in found:
        assert not read_statement(one, "tsql").error, one


def test_the_body_of_a_procedure_does_not_run_with_the_script() -> None:
    assert read_statement("CREATE PROC p AS SELECT 1", "tsql").stored
    assert not read_statement("BEGIN TRY SELECT 1 END TRY", "tsql").stored


@pytest.mark.parametrize("sql", ["CREATE VIEW v AS SELECT 1 AS a", "SELECT 1", "BEGIN TRAN", "DECLARE @a INT"])
def test_nothing_is_cut_out_of_what_is_one_statement(sql: str) -> None:
    assert read_statement(sql, "tsql").inner == ()


@pytest.mark.parametrize("dialect", ["tsql", "oracle", "bigquery"])
def test_delete_without_from_names_its_table(dialect: str) -> None:
    facts = read_statement("DELETE dbo.sales WHERE id = 1", dialect)
    assert not facts.error
    assert facts.write is not None
    assert facts.write.target == ("dbo", "sales")
    assert facts.write.where


def test_a_temporary_table_is_not_the_table_of_that_name() -> None:
    facts = read_statement("UPDATE #sales SET day = s.day FROM #sales t JOIN sales s ON t.id = s.id", "tsql")
    assert facts.write is not None
    assert facts.write.target == ("#sales",)
    assert facts.write.temporary
    assert [parts for parts, _ in facts.reads] == [("#sales",), ("sales",)]
    made = read_statement("CREATE TABLE #sales (id INT)", "tsql").table
    assert made is not None
    assert (made.parts, made.temporary) == (("#sales",), True)


def test_a_temporary_table_lends_its_bare_name_to_columns() -> None:
    facts = read_statement("SELECT #sales.id FROM #sales JOIN u ON #sales.id = u.id", "tsql")
    assert [use.source for use in facts.columns] == ["sales", "sales", "u"]
