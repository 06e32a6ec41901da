"""Every mechanism of the tank rule as one switch, so that a fault is one changed switch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """The rule as it is written; `faults.py` turns one switch at a time."""

    category_first: bool = True
    allocated_rows_stay_whole: bool = True
    asset_tag_before_resource: bool = True
    resource_by_instant: bool = True
    resource_by_weight: bool = True
    rules_in_order: bool = True
    account_tag: bool = True
    prorated: bool = True
    fold_without_datasets: bool = True
    brackets_spread_down: bool = True
    bracket_by_seconds: bool = True
    nested_trials_stay: bool = True
    join_runs: bool = True
    largest_measure: bool = True
    upkeep_drains_nothing: bool = True
    upkeep_equally: bool = True
    audit_tables_are_no_assets: bool = True
    complete_after_fail_is_success: bool = True
    abort_is_failure: bool = True
    start_is_earliest: bool = True
    open_runs_hold: bool = True
    slices: bool = True
    early_slices_succeed: bool = True
    slice_measure_by_seconds: bool = True
    charges_by_overlap: bool = True
    ends_before_starts: bool = True
    month_ends_after_its_ends: bool = True
    later_parts_by_route: bool = True
    early_parts_are_running: bool = True
    versions_before_datasets: bool = True
    datasets_before_experiment: bool = True
    experiment_zero_is_none: bool = True
    written_by_bytes: bool = True
    storage_at_period_end: bool = True
    writes_cut: bool = True
    month_ends_cut: bool = True
    reads_start_after_pour: bool = True
    read_by_bytes: bool = True
    equal_per_group: bool = True
    no_drain_of_own_writes: bool = True
    life: bool = True
    failed_outputs_are_no_writes: bool = True
    failed_to_next_success: bool = True
    failed_mlflow_is_trial: bool = True
    version_waits_for_registration: bool = True
    happened_before_recorded: bool = True
    version_drains_trials: bool = True
    siblings_share: bool = True
    later_siblings_and_copies_nothing: bool = True
    unknown_origin_said: bool = True
    prompts_are_no_versions: bool = True
    consumers_drain: bool = True
    by_predictions: bool = True
    co_owners_equally: bool = True
    closed_is_frozen: bool = True
    late_counts_in_open_month: bool = True
    late_run_is_one_step: bool = True
    month_as_of_its_end: bool = True
    first_arrival_only: bool = True
    serving_by_predictions: bool = True
    tokens_apart: bool = True


AS_WRITTEN = Rules()
