"""What AWS answers where moto is silent, or knows neither failures nor the passing of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.client import BaseClient

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Refusal:
    """What AWS answers where it doesn't do what it is asked."""

    code: str
    status: int = 400


class Aws:
    """Notes what is asked of AWS, and answers some of it in place of moto.

    Attributes
    ----------
    calls : list of tuple
        What was asked, such as ``dynamodb.DescribeTable``, and its parameters.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answers: dict[str, list[Any]] = {}

    def answers(self, call: str, *answers: object) -> None:
        """Say what a call is answered: values, `Refusal`s, or functions of the parameters; the last one for good."""
        self._answers[call] = list(answers)

    def asked(self, call: str) -> list[dict[str, Any]]:
        """Return the parameters of every call of an operation."""
        return [parameters for name, parameters in self.calls if name == call]

    def call(self, client: Any, operation: str, parameters: dict[str, Any], otherwise: Callable[[], Any]) -> Any:
        name = f"{client.meta.service_model.service_name}.{operation}"
        self.calls.append((name, parameters))
        waiting = self._answers.get(name)
        if not waiting:
            return otherwise()
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(answer):
            answer = answer(parameters)
        if isinstance(answer, Refusal):
            error = {
                "Error": {"Code": answer.code, "Message": f"{operation} is refused"},
                "ResponseMetadata": {"HTTPStatusCode": answer.status},
            }
            raise client.exceptions.from_code(answer.code)(error, operation)
        return answer


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """AWS as moto plays it, until something else is said."""
    made = Aws()
    to_moto = BaseClient._make_api_call

    def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        return made.call(client, operation, parameters, lambda: to_moto(client, operation, parameters))

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made
