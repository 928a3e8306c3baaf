"""An agent on a string: the protocol's official client does what it is told.

One JSON object a line on standard input, one a line on standard output. It decides nothing and
checks nothing: the test that holds the string does.

    drive.py http URL TOKEN_FILE MODE
    drive.py stdio MODE COMMAND [ARGUMENT]...

MODE is `auto` (the newest revision), `legacy` (the handshake), or a revision by its date.
"""

import asyncio
import json
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


async def refuse(*_arguments, **_named):
    """What a server asks of the model behind a client is never answered here."""
    raise RuntimeError("the server asked its client a question")


def plain(result):
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def obey(client, asked):
    match asked["op"]:
        case "about":
            return {
                "protocol": client.protocol_version,
                "instructions": client.instructions,
                "capabilities": plain(client.server_capabilities),
            }
        case "tools":
            return plain(await client.list_tools())
        case "call":
            progress = []

            async def heard(done, total, message):
                progress.append([done, total, message])

            result = await client.call_tool(
                asked["name"], asked.get("arguments") or {}, progress_callback=heard
            )
            return plain(result) | {"progress": progress}
        case "resources":
            return plain(await client.list_resources())
        case "templates":
            return plain(await client.list_resource_templates())
        case "read":
            return plain(await client.read_resource(asked["uri"]))
        case "prompts":
            return plain(await client.list_prompts())
        case "prompt":
            return plain(await client.get_prompt(asked["name"], asked.get("arguments") or {}))
        case other:
            raise ValueError(f"`{other}` is not an op")


async def serve(server, mode):
    questions = {"sampling_callback": refuse, "elicitation_callback": refuse}
    async with Client(server, mode=mode, read_timeout_seconds=60, **questions) as client:
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            try:
                answer = {"ok": await obey(client, json.loads(line))}
            except Exception as error:  # Whatever it was, the test reads it.
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)


async def main():
    match sys.argv[1:]:
        case ["http", url, token_file, mode]:
            token = Path(token_file).read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
                await serve(streamable_http_client(url, http_client=http), mode)
        case ["stdio", mode, command, *arguments]:
            await serve(StdioServerParameters(command=command, args=arguments), mode)
        case _:
            sys.exit(__doc__)


asyncio.run(main())
