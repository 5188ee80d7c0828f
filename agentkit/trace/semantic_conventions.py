"""The names that OpenTelemetry gives to what agents do, in the one place that knows them.

They are those of the semantic conventions for generative AI, which are still in development
(https://opentelemetry.io/docs/specs/semconv/gen-ai/, since 2026 in the repository
``open-telemetry/semantic-conventions-genai``); what they have no name for stands under ``agentkit``.
"""

OPERATION = "gen_ai.operation.name"
INVOKE_AGENT = "invoke_agent"
CHAT = "chat"
EXECUTE_TOOL = "execute_tool"

PROVIDER = "gen_ai.provider.name"
MODEL = "gen_ai.request.model"
AGENT = "gen_ai.agent.name"
CONVERSATION = "gen_ai.conversation.id"

INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"

TOOL_NAME = "gen_ai.tool.name"
TOOL_CALL_ID = "gen_ai.tool.call.id"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"

TOKENS = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cached_input_tokens": "gen_ai.usage.cache_read.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}
"""A count of a ``usage`` event → its attribute; the last two are parts of the first two."""

ERROR_TYPE = "error.type"
SERVICE = "service.name"

STATUS = "agentkit.run.status"
SIMULATED = "agentkit.run.simulated"
RESUMES = "agentkit.run.resumes"
OUTCOME = "agentkit.tool.outcome"
RUNS_IN = "agentkit.tool.runs_in"
COST = "agentkit.cost.usd"
LEFT_OUT = "agentkit.run.left_out"
