"""What Dagster accepts although it leads nowhere."""

from __future__ import annotations

import dagster as dg
import pytest

pytestmark = pytest.mark.framework


@dg.asset
def customers() -> None: ...


@dg.asset_check(asset="customerz")
def whole() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False)


@dg.asset_check(asset=customers)
def never_registered() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False)


@dg.asset(deps=["custommers"])
def report() -> None: ...


def test_names_that_lead_nowhere_are_valid() -> None:
    definitions = dg.Definitions(assets=[customers, report], asset_checks=[whole])
    dg.Definitions.validate_loadable(definitions)
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(raise_on_error=False)
    materialised = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert materialised == {"customers", "report"}
    assert all(each.check_name != "never_registered" for each in result.get_asset_check_evaluations())
