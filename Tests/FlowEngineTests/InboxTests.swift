import FlowCore
import FlowJSON
import FlowStore
import FlowTesting
import TestSupport
import Testing

@testable import FlowEngine

@Suite("requests to runs", .timeLimit(.minutes(1)))
struct InboxTests {
    @Test("a request that comes behind the order to leave is answered")
    func leaving() async throws {
        let clock = ManualClock()
        let backend = ScriptedBackend { _ in .success(output: 1) }
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        let environment = EngineEnvironment(
            journal: journal, clock: clock, deadlines: Deadlines(clock: clock), limits: EngineLimits(), secrets: nil,
            random: { 0.5 }, lookup: { _ in nil })
        let workflow = Workflow(name: "w", nodes: [Node(id: "a", type: "t")])
        let context = WorkflowContext(
            id: WorkflowID("run"), graph: WorkflowGraph(workflow), submission: Submission(workflow: workflow),
            submittedAt: clock.now)
        let live = LiveRun(id: context.id, sequence: 1, durability: .full)
        let session = RunSession(
            live: live, engine: environment, run: context.constants, start: .new(nil))
        let reply = RunReply()
        live.inbox.send(.suspend)
        live.inbox.send(.command(.pause, reply))
        await #expect(throws: BackendError.self) { try await session.drive(on: backend) }
        live.abandon()
        guard case .gone = await reply.answer() else {
            Issue.record("the request was obeyed")
            return
        }
    }
}
