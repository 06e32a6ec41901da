"""Random operations on registered models and their versions. Runs inside an environment of MLflow."""

from __future__ import annotations

from typing import Any

from chances import STAGES, Chances


class Registry(Chances):
    """What clients do with registered models, versions, stages and aliases."""

    # Registered models

    def create_registered_model(self) -> None:
        tags = {self.key("t"): self.value()} if self.seldom(0.4) else None
        if self.seldom(0.1):
            tags = {"mlflow.prompt.is_prompt": "true"}
        self.do("registered", "create_registered_model", self.name(), tags, self.one(None, "", "told"))

    def change_registered_model(self) -> None:
        name, doing = self.name(), self.random.randrange(12)
        if doing < 2:
            self.do("registered", "update_registered_model", name, self.one("", "other", "ü"))
        elif doing < 4:
            self.do("registered", "rename_registered_model", name, self.name())
        elif doing < 7:
            self.do("registered", "set_registered_model_tag", name, self.key("t"), self.value())
        elif doing == 7:
            self.do("registered", "delete_registered_model_tag", name, self.key("t"))
        elif doing < 11:
            self.do("registered", "set_registered_model_alias", name, self._alias(), self.version())
        else:
            self.do("registered", "delete_registered_model_alias", name, self._alias())
        if self.seldom(0.04):
            self.do("registered", "delete_registered_model", name)

    def _alias(self) -> str:
        return self.one("latest", "v1", "a b", "") if self.seldom(0.1) else self.one("champion", "challenger", "LTS")

    def read_registered_model(self) -> None:
        name = self.name()
        self.do("registered", "get_registered_model", name)
        self.do("registered", "get_latest_versions", name, self.one(None, [self.one(*STAGES)]))
        self.do("registered", "get_model_version_by_alias", name, self.one("latest", self._alias()))

    # Versions

    def create_version(self) -> None:
        source, named = self._source()
        tags = {self.key("t"): self.value()} if self.seldom(0.4) else None
        if self.seldom(0.05):
            tags, source = {"mlflow.prompt.is_prompt": "true"}, self.one("dummy-source", source)
        self.do(
            "version", "create_model_version", self.name(), source, tags=tags, description=self.one(None, "told"),
            run_link=self.one(None, "link"), **named,
        )  # fmt: skip

    def _source(self) -> tuple[str, dict[str, Any]]:
        run, model = self.one(*self.runs), self.model()
        kind = self.random.randrange(12)
        if kind < 3:
            return f"runs:/{run}/model", {"run_id": self.one(run, run, run, None, self.one(*self.runs))}
        if kind < 6:
            return f"models:/{model}", {"model_id": self.one(model, model, model, None)}
        if kind < 8:
            return f"models:/{self.one(*self.registered)}/{self.one('1', '2', 'Production', 'latest')}", {}
        if kind == 8:
            return f"models:/{self.one(*self.registered)}@{self.one('champion', 'nobody')}", {
                "run_id": self.one(None, run)
            }
        if kind == 9:
            return self.one("s3://bucket/model", "s3://bucket"), {"run_id": self.one(run, None)}
        return self.one(
            "/tmp/model", "file:///tmp/model", "relative/model", "http://127.0.0.1:1/x", "mlflow-artifacts:/1/x/a",
            "s3://bucket/../x", "s3://bucket/%2e%2e/x", "models://host/m/1", "models:/", "ftp://h/x", "dbfs:/a/b",
            "models:/a/b/c",
        ), {"run_id": self.one(run, None)}  # fmt: skip

    def copy_version(self) -> None:
        source = f"models:/{self.one(*self.registered)}/{self.random.randint(1, 3)}"
        self.do("version", "copy_model_version", source, self.one(*self.registered))

    def change_version(self) -> None:
        name, version, doing = self.name(), self.version(), self.random.randrange(12)
        if doing < 2:
            self.do("version", "update_model_version", name, version, self.one("", "other"))
        elif doing < 7:
            stage, archive = self.one(*STAGES), self.seldom(0.4)
            self.do("version", "transition_model_version_stage", name, version, stage, archive)
        elif doing < 10:
            self.do("version", "set_model_version_tag", name, version, self.key("t"), self.value())
        elif doing == 10:
            self.do("version", "delete_model_version_tag", name, version, self.key("t"))
        elif self.seldom(0.5):
            self.do("version", "delete_model_version", name, version)

    def read_version(self) -> None:
        name, version = self.name(), self.version()
        self.do("version", "get_model_version", name, version)
        self.do("version", "get_model_version_download_uri", name, version)
