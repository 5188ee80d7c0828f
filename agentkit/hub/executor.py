"""Where a run executes: in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from agentkit.core.approval import guarded
from agentkit.core.events import StepEvent
from agentkit.core.protocol import AgentConfig, CancellationToken, Limits, Origin, Policy
from agentkit.core.react import llm_generate, react
from agentkit.core.requests import Requests
from agentkit.core.transcript import Unfinished
from agentkit.hub.pace import Pace
from agentkit.llm.demo import DemoProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ChatMessage
from agentkit.skills.registry import SkillRegistry
from agentkit.skills.tools import skill_tools
from agentkit.tools.protocol import Tool, stored_nowhere
from agentkit.tools.registry import ToolRegistry


class InProcessExecutor:
    """Runs agents on the running event loop with the tools and skills of this process.

    Parameters
    ----------
    policy
        What holds where an agent's own policy does not speak; what it denies, no agent may do.

    Attributes
    ----------
    pace
        What the runs keep, all of them together.
    """

    def __init__(
        self,
        gateway: LLMGateway,
        tools: ToolRegistry,
        skills: SkillRegistry,
        *,
        policy: Policy | None = None,
    ) -> None:
        self.gateway = gateway
        self.tools = tools
        self.skills = skills
        self.policy = policy or {}
        self.pace = Pace()

    def check_names(self, agent: AgentConfig) -> None:
        """Refuse an agent that names what does not exist.

        Raises
        ------
        AgentKitError
            No such provider, tool or skill.
        """
        if agent.model is not None:
            self.gateway.resolve(agent.model)
        self.tools.select(agent.tools)
        self.skills.select(agent.skills)

    def check(self, agent: AgentConfig) -> None:
        """Refuse an agent that cannot run now, before a task is made of it.

        Raises
        ------
        AgentKitError
            As ``check_names``, or there is no provider for an agent that names none.
        """
        self.check_names(agent)
        self.gateway.resolve(agent.model)

    def _gateway(self, agent: AgentConfig) -> LLMGateway:
        """The gateway of one run; where the demo would answer, it plays the agent's script."""
        route = self.gateway.resolve(agent.model)
        if agent.script is None or not isinstance(route.provider, DemoProvider):
            return self.gateway
        from agentkit.llm.demo_script import DemoScript

        gateway = self.gateway.copy()
        player = DemoScript(agent.script, route.provider)
        gateway.register_provider(route.provider_name, player, replace=True)
        return gateway

    def run(
        self,
        agent: AgentConfig,
        input: str,
        *,
        token: CancellationToken,
        limits: Limits,
        requests: Requests,
        client_tools: Sequence[Tool] = (),
        history: Sequence[ChatMessage] = (),
        origin: Origin | None = None,
        left: Unfinished | None = None,
        stored: Callable[[], Awaitable[None]] = stored_nowhere,
    ) -> AsyncGenerator[StepEvent]:
        """The run's events, as ``react`` has them. A client's tool hides a server's of the same name."""
        if agent.task_mode == "llm_generate":
            return llm_generate(
                agent,
                input,
                gateway=self._gateway(agent),
                history=history,
                token=token,
                limits=limits,
                requests=requests,
                left=left,
                pace=self.pace.keep,
            )

        async def find(say: Callable[[str, str], None]) -> Sequence[Tool]:
            await self.tools.ready(agent.tools, say)
            offered = [
                *self.tools.select(agent.tools),
                *skill_tools(self.skills.select(agent.skills)),
                *client_tools,
            ]
            named = {tool.spec.name: tool for tool in offered}
            doubts = left.doubts if left else ()
            return guarded(tuple(named.values()), (self.policy, agent.policy), doubts)

        return react(
            agent,
            input,
            gateway=self._gateway(agent),
            tools=find,
            instructions=self.skills.listing(agent.skills),
            history=history,
            token=token,
            limits=limits,
            requests=requests,
            origin=origin,
            left=left,
            stored=stored,
            pace=self.pace.keep,
        )
