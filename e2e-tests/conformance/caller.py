"""Sends what schemathesis makes up through one key, and holds the answers to the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

from conformance.contract import Sent, depends_on_currency, faults_of_request, header_names
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

if TYPE_CHECKING:
    from conformance.real_things import Case, RealThings
    from schemathesis import CheckFunction, Response

# What the document says of requests that are not as it wants them; 404 where that makes another path of it.
REFUSED = {400, 404, 406, 413, 415}

# Of HTTP itself, for caches and browsers, and what API Gateway adds of its own accord.
ON_ANY_ANSWER = re.compile(r"connection|content-(encoding|length|type)|date|vary|access-control-.*|x-amzn?-.*")

READERS_MAY = {"listProducts", "probeProducts", "getProduct", "probeProduct"}


class Caller:
    """Someone who calls the API.

    Parameters
    ----------
    url
        Its address, up to and including the version.
    key
        The API key; ``None`` sends none but what schemathesis makes up.
    role
        ``writer``, ``reader`` or ``stranger``.
    real_things
        What is put in the place of what is made up.
    """

    def __init__(self, url: str, key: str | None, role: str, real_things: RealThings) -> None:
        self.url = url
        self.headers = {} if key is None else {"x-api-key": key}
        self._key = key
        self._transport = {"base_url": url, "headers": self.headers}
        self._role = role
        self._real_things = real_things

    def send(self, case: Case) -> None:
        """Send a request and hold the answer to the document."""
        self._real_things.put_into(case, operation_id_of(case))
        response = case.call(base_url=self.url, headers=self.headers)
        self.check(case, response)

    def check(self, case: Case, response: Response) -> None:
        """Hold an answer to the document.

        What was sent is judged anew, as it went out: schemathesis knows the document's schemas but not its prose, and a
        value that it means to be wrong may be right once it is written in a URL or a header.
        """
        operation_id = operation_id_of(case)
        if response.request.method != case.operation.method.upper():
            # A method that the document doesn't have. It is 405, as one of the checks makes sure.
            case.validate_response(response, headers=self.headers, transport_kwargs=self._transport)
            return
        faults = faults_of_request(operation_id, self._sent_by(response))
        excluded: list[CheckFunction] = []
        if faults or response.status_code in self._due(response):
            excluded.append(positive_data_acceptance)
        if not faults:
            excluded.append(negative_data_rejection)
        case.validate_response(
            response, excluded_checks=excluded, headers=self.headers, transport_kwargs=self._transport
        )
        status = response.status_code
        undescribed = {name.lower() for name in response.headers} - header_names(operation_id, status)
        assert not [name for name in undescribed if not ON_ANY_ANSWER.fullmatch(name)], undescribed
        assert status != 429, "the rate of the test is too high"
        if not self._may(operation_id, response):
            assert status in (403, 404), f"{status} for a {self._role}"
        elif faults:
            assert status in REFUSED, f"{status}, but wrong: {faults}"
        else:
            assert status not in REFUSED - {404} or status in self._due(response), f"{status}, but nothing is wrong"
        self._register(operation_id, response)

    def _may(self, operation_id: str, response: Response) -> bool:
        """Tell whether this caller may ask for that, with the key that really went out: some probes leave it out."""
        if operation_id.startswith("preflight"):
            return True
        has_key = self._key is not None and response.request.headers.get("x-api-key") == self._key
        return has_key and (self._role == "writer" or operation_id in READERS_MAY)

    def _due(self, response: Response) -> set[int]:
        """Return the refusals that a request may get though all of it is as the document wants it."""
        headers = {name.lower() for name in response.request.headers}
        cursors = parse_qs(urlsplit(str(response.request.url)).query).get("cursor", [])
        due = {
            412: "if-match" in headers,
            422: "idempotency-key" in headers,
            # Well-formed, but made up; or no amount of the currency that the product has.
            400: (bool(cursors) and not self._real_things.handed_out(cursors[0]))
            or (response.request.method == "PUT" and depends_on_currency(self._sent_by(response).body)),
        }
        return {status for status, is_due in due.items() if is_due}

    def _sent_by(self, response: Response) -> Sent:
        url = urlsplit(str(response.request.url))
        body = response.request.body or b""
        return Sent(
            path=url.path.removeprefix(urlsplit(self.url).path),
            query=url.query,
            headers={name.lower(): _text(value) for name, value in response.request.headers.items()},
            body=body.encode() if isinstance(body, str) else cast("bytes", body),
        )

    def _register(self, operation_id: str, response: Response) -> None:
        """Keep what there is to read, and note what there is to withdraw in the end."""
        if operation_id == "createProduct" and response.status_code in (201, 202):
            made = response.json()
            self._real_things.created(made.get("product", made)["productId"])
        if operation_id == "withdrawProduct" and response.status_code == 204:
            self._real_things.withdrawn(str(response.request.url).rstrip("/").rpartition("/")[2])


def operation_id_of(case: Case) -> str:
    """Return the id of the operation that a case is for."""
    return str(case.operation.definition.raw["operationId"])


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
