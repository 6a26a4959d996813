import Dispatch
import FlowCore
import FlowEngine
import FlowJSON
import Synchronization
import TestSupport
import Testing

/// Runs tasks one after the other and knows its own.
private final class Lane: TaskExecutor {
    private static let key = DispatchSpecificKey<Bool>()
    private let queue = DispatchQueue(label: "lane")

    init() { queue.setSpecific(key: Self.key, value: true) }

    static var isCurrent: Bool { DispatchQueue.getSpecific(key: key) == true }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Notes before and behind a wait whether it is on the lane.
private final class Placed: Backend {
    let name: BackendName = .native
    let type = "placed"
    let capabilities = BackendCapabilities(streaming: false, parallel: true, async: true, distributed: false)
    let nodeTypes: [NodeTypeDescription] = []
    let executesElsewhere: Bool
    let places = Mutex<[Bool]>([])

    init(executesElsewhere: Bool) { self.executesElsewhere = executesElsewhere }

    func validate(_ node: Node) async -> [ValidationIssue] { [] }

    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        places.withLock { $0.append(Lane.isCurrent) }
        await Task.yield()
        places.withLock { $0.append(Lane.isCurrent) }
        return .success(output: .null)
    }
}

@Suite("where nodes are executed", .timeLimit(.minutes(1)))
struct NodePlaceTests {
    @Test("beside their run when they only wait, away from it when they compute", arguments: [true, false])
    func place(executesElsewhere: Bool) async throws {
        let backend = Placed(executesElsewhere: executesElsewhere)
        var options = TestServer.Options()
        options.backends = [backend]
        try await TestServer.with(options) { server in
            var request = SubmitRequest(
                workflow: Workflow(name: "test", nodes: [Node(id: "a", type: "any"), Node(id: "b", type: "any")]))
            request.executor = Lane()
            let submitted = try await server.service.submit(request)
            let ended = try await server.service.wait(for: submitted.snapshot.context.id, atMost: .seconds(50))
            #expect(ended.context.status == .completed)
        }
        #expect(backend.places.withLock { $0 } == Array(repeating: executesElsewhere, count: 4))
    }
}
