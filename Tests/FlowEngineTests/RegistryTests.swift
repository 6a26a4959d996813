import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import FlowTesting
import Logging
import Synchronization
import TestSupport
import Testing

@Suite("the registry of backends", .timeLimit(.minutes(1)))
struct RegistryTests {
    @Test(
        "a backend that runs came to through a wrapper is shut down when they have ended, however often it was replaced"
    )
    func replacedTwice() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        let diary = Diary()
        let registry = await BackendRegistry(
            builtIn: [ScriptedBackend { _ in .success(output: 1) }],
            factories: [LoggingBackendFactory(makeLogger: { _ in logger }), TrackedFactory(diary: diary)],
            journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        let service = WorkflowService(
            registry: registry, journal: journal, limits: EngineLimits(), clock: ManualClock(), logger: logger,
            makeID: { ids.next(at: $0) })
        _ = try await service.start()
        func register(_ name: BackendName, _ type: String, _ config: JSONObject) async throws {
            let registration = BackendRegistration(name: name, type: type, config: config)
            _ = try await registry.register(registration, replace: true)
        }
        try await register("x", "tracked", ["version": "x1"])
        try await register("w", "logging", ["backend": "x"])
        try await register("top", "logging", ["backend": "w"])
        let workflow = Workflow(
            name: "w", nodes: ["a", "b", "c"].map { Node(id: NodeID($0), type: "t") })
        var request = SubmitRequest(workflow: workflow)
        request.backend = "top"
        let id = try await service.submit(request).snapshot.context.id
        // Each node begins on what is registered then; it is replaced while the node runs.
        await diary.gates[0].arrivals(1)
        try await register("x", "tracked", ["version": "x2"])
        diary.gates[0].open()
        await diary.gates[1].arrivals(1)
        try await register("x", "tracked", ["version": "x3"])
        try await register("y", "tracked", ["version": "y1"])
        try await register("w", "logging", ["backend": "y"])
        diary.gates[1].open()
        await diary.gates[2].arrivals(1)
        try await register("y", "tracked", ["version": "y2"])
        // Nobody wraps it any more, and by its name nobody uses it.
        try await register("w", "logging", ["backend": "native"])
        diary.gates[2].open()
        #expect(try await service.wait(for: id, atMost: .seconds(60)).context.status == .completed)
        let replaced = ["stop x1", "stop x2", "stop y1"]
        try await until { replaced.allSatisfy(diary.entries.contains) }
        let entries = diary.entries
        #expect(entries.filter { $0.hasPrefix("end") } == ["end a on x1", "end b on x2", "end c on y1"])
        let end = try #require(entries.firstIndex(of: "end c on y1"))
        for stop in replaced { #expect(try #require(entries.firstIndex(of: stop)) > end, "\(entries)") }
        await service.stop(grace: .zero)
    }
}

/// What happened to tracked backends, and what their nodes wait for.
private final class Diary: Sendable {
    let gates = [Gate(), Gate(), Gate()]
    private let log = Mutex<[String]>([])

    var entries: [String] { log.withLock { $0 } }
    func note(_ entry: String) { log.withLock { $0.append(entry) } }
}

/// Notes its end and that of its nodes, which wait: `a` at the first gate, `b` at the second.
private struct TrackedBackend: Backend {
    let name: BackendName
    let version: String
    let diary: Diary
    let type = "tracked"
    let capabilities = BackendCapabilities(streaming: false, parallel: true, async: true, distributed: false)
    let nodeTypes: [NodeTypeDescription] = []

    func validate(_ node: Node) -> [ValidationIssue] { [] }

    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let place = ["a", "b", "c"].firstIndex(of: request.node.id.rawValue) ?? 0
        guard await diary.gates[place].pass() else { throw BackendError(.cancelled, backend: name, "cancelled") }
        diary.note("end \(request.node.id) on \(version)")
        return .success(output: 1)
    }

    func shutdown() { diary.note("stop \(version)") }
}

private struct TrackedFactory: BackendFactory {
    let type = "tracked"
    let summary = "Is tracked."
    let configSchema: JSONValue = true
    let diary: Diary

    func validate(_ config: JSONObject) -> [ValidationIssue] { [] }

    func makeBackend(_ registration: BackendRegistration, lookup: @escaping BackendLookup) -> any Backend {
        TrackedBackend(name: registration.name, version: registration.config["version"]?.string ?? "", diary: diary)
    }
}
