"""What Prefect took out or moved; written by ``tests/frameworks/generate_prefect_tables.py``."""

from __future__ import annotations

from typing import Final

NEWEST: Final = "3.8.8"

REMOVED: Final[dict[str, tuple[tuple[int, ...], str]]] = {
    "prefect.agent.PrefectAgent": ((3,), "workers"),
    "prefect.blocks.kubernetes": ((3,), "prefect_kubernetes"),
    "prefect.client.schemas.objects.MinimalDeploymentSchedule": (
        (3,),
        "prefect.client.schemas.actions.DeploymentScheduleCreate",
    ),
    "prefect.context.PrefectObjectRegistry": ((3,), "workers and work pools"),
    "prefect.deployments.Deployment": ((3,), "flow.serve(), flow.deploy(), or prefect deploy"),
    "prefect.deployments.deployments.Deployment": ((3,), "flow.serve(), flow.deploy(), or prefect deploy"),
    "prefect.filesystems.Azure": ((3,), "prefect_azure.AzureBlobStorageContainer"),
    "prefect.filesystems.GCS": ((3,), "prefect_gcp.GcsBucket"),
    "prefect.filesystems.GitHub": ((3,), "prefect_github.GitHubRepository"),
    "prefect.filesystems.S3": ((3,), "prefect_aws.S3Bucket"),
    "prefect.infrastructure.DockerContainer": ((3,), "a work pool of type docker"),
    "prefect.infrastructure.KubernetesJob": ((3,), "workers"),
    "prefect.infrastructure.Process": ((3,), "a work pool of type process"),
    "prefect.infrastructure.base.Infrastructure": (
        (3,),
        "the BaseWorker class to create custom infrastructure integrations",
    ),
    "prefect.infrastructure.container": ((3,), "a work pool of type docker"),
    "prefect.infrastructure.process": ((3,), "a work pool of type process"),
    "prefect.orion": ((2, 8), "prefect.server"),
    "prefect.packaging": ((3,), "flow.deploy()"),
    "prefect.results.PersistedResult": ((3,), "prefect.results.ResultRecord"),
    "prefect.task_runners.SequentialTaskRunner": ((3,), "prefect.task_runners.ThreadPoolTaskRunner(max_workers=1)"),
    "prefect.workers.block.BlockWorkerJobConfiguration": ((3,), "workers and work pools"),
    "prefect.workers.cloud.BlockWorker": ((3,), "workers and work pools"),
}
"""Names that cannot be imported any more, with the release that ended them and what serves instead."""

MOVED: Final[dict[str, str]] = {
    "prefect.client.get_client": "prefect.client.orchestration.get_client",
    "prefect.deployments.deployments.load_flow_from_flow_run": "prefect.flows.load_flow_from_flow_run",
    "prefect.deployments.load_flow_from_flow_run": "prefect.flows.load_flow_from_flow_run",
    "prefect.engine.pause_flow_run": "prefect.flow_runs.pause_flow_run",
    "prefect.engine.resume_flow_run": "prefect.flow_runs.resume_flow_run",
    "prefect.engine.suspend_flow_run": "prefect.flow_runs.suspend_flow_run",
    "prefect.variables.get": "prefect.variables.Variable.get",
}
"""Names that Prefect 3 still finds under their old address, with a warning, and where they live now."""
