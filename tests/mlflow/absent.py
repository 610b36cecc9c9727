"""What MLflow's servers have and this one has not: it says so, and is not asked again."""

from world import client, differing, differs, equal, refused, run


@differs("runs and experiments are neither deleted nor searched for", "both")
def runs_and_experiments_stay():
    run_id, _ = run()
    experiment = client.create_experiment("staying")
    for call in [
        lambda: client.search_runs(["0"]),
        client.search_experiments,
        lambda: client.delete_run(run_id),
        lambda: client.delete_experiment(experiment),
    ]:
        with differing("it was not refused"):
            refused(call, "NOT_IMPLEMENTED")
    for found in [client.get_run(run_id).info, client.get_experiment(experiment)]:
        with differing("deleted"):
            equal(found.lifecycle_stage, "active")


CLAIMS = [runs_and_experiments_stay]
