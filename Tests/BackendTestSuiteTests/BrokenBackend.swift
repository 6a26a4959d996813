import BackendTestSuite
import FlowBackends
import FlowCore
import FlowJSON
import Foundation
import Synchronization
import Testing

/// A backend with one fault, and the case that has to find it.
struct BrokenBackend: Backend, CustomTestStringConvertible {
    typealias Execution = @Sendable (NodeRequest, ReferenceBackend) async throws -> NodeResult
    typealias Validation = @Sendable (Node, ReferenceBackend) async -> [ValidationIssue]

    let fault: String
    let caughtBy: String
    var reference: ReferenceBackend?
    var told = BackendCapabilities(streaming: true, parallel: true, async: true, distributed: false)
    var execution: Execution = { try await $1.executeNode($0) }
    var validation: Validation = { $1.validate($0) }
    var hiddenType = ""
    var state: BackendHealth = .healthy

    let name: BackendName = "broken"
    let type = "broken"
    var testDescription: String { "\(fault): \(caughtBy)" }
    var capabilities: BackendCapabilities { told }
    var nodeTypes: [NodeTypeDescription] { (reference?.nodeTypes ?? []).filter { $0.name != hiddenType } }

    init(
        _ fault: String, caughtBy: String, _ execution: Execution? = nil, validation: Validation? = nil,
        capabilities: BackendCapabilities? = nil, hiding type: String = "", health: BackendHealth = .healthy
    ) {
        self.fault = fault
        self.caughtBy = caughtBy
        if let execution { self.execution = execution }
        if let validation { self.validation = validation }
        if let capabilities { told = capabilities }
        hiddenType = type
        state = health
    }

    func validate(_ node: Node) async -> [ValidationIssue] {
        guard let reference else { return [] }
        return await validation(node, reference)
    }

    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard let reference else { throw BackendError(.unavailable, backend: name, "there is no reference") }
        do { return try await execution(request, reference) } catch let error as BackendError { throw error } catch {
            throw BackendError(.unavailable, backend: name, "\(error)")
        }
    }

    func health() async -> BackendHealth { state }
}

extension JSONValue {
    /// The value with each text and number changed.
    func mapped(_ change: (JSONValue) -> JSONValue?) -> JSONValue? {
        switch self {
        case .array(let elements): .array(elements.compactMap { $0.mapped(change) })
        case .object(let object):
            .object(object.members.reduce(into: JSONObject()) { $0[$1.name] = $1.value.mapped(change) })
        default: change(self)
        }
    }
}

extension BrokenBackend {
    /// Runs what it is given one after the other.
    final class Queue: Sendable {
        private let last = Mutex<Task<NodeResult, any Error>?>(nil)

        func run(_ body: @escaping @Sendable () async throws -> NodeResult) async throws -> NodeResult {
            let task = last.withLock { last in
                let task = Task { [earlier = last] in
                    _ = try? await earlier?.value
                    return try await body()
                }
                last = task
                return task
            }
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }

    /// A backend for each way in which one can be wrong.
    static let all: [BrokenBackend] = [
        BrokenBackend("drops the input", caughtBy: "L1.node.input-reaches-it") { request, reference in
            var request = request
            request.input = [:]
            return try await reference.executeNode(request)
        },
        BrokenBackend("swallows errors", caughtBy: "L1.errors.failed-result") { request, reference in
            let result = try await reference.executeNode(request)
            if case .failure = result { return .success(output: .null) }
            return result
        },
        BrokenBackend("takes a node's fault for its own", caughtBy: "L0.execute.failed-is-200") { request, reference in
            let result = try await reference.executeNode(request)
            if case .failure(let failure) = result {
                throw BackendError(.unavailable, backend: "broken", failure.message)
            }
            return result
        },
        BrokenBackend("declares streaming and hands out nothing", caughtBy: "L0.streaming.events") {
            request, reference in
            var request = request
            request.emit = { _ in }
            return try await reference.executeNode(request)
        },
        BrokenBackend(
            "streams without saying so", caughtBy: "L0.streaming.undeclared",
            capabilities: BackendCapabilities(streaming: false, parallel: true, async: true, distributed: false)),
        BrokenBackend("reorders chunks", caughtBy: "L2.streaming.order") { request, reference in
            let held = Mutex<[JSONValue]>([])
            var inner = request
            inner.emit = { chunk in held.withLock { $0.insert(chunk, at: 0) } }
            let result = try await reference.executeNode(inner)
            for chunk in held.withLock({ $0 }) { request.emit(chunk) }
            return result
        },
        BrokenBackend("hands out a chunk twice", caughtBy: "L2.streaming.beside-each-other") { request, reference in
            var inner = request
            inner.emit = { chunk in
                request.emit(chunk)
                if chunk == "b" { request.emit(chunk) }
            }
            return try await reference.executeNode(inner)
        },
        BrokenBackend("loses what came last of a stream", caughtBy: "L2.streaming.before-result") {
            request, reference in
            let result = try await reference.executeNode(request)
            return request.node.type == "stream" ? .success(output: "abc") : result
        },
        BrokenBackend("ignores cancellation", caughtBy: "L2.cancel.node-ends") { request, reference in
            let task = Task { try await reference.executeNode(request) }
            return try await task.value
        },
        BrokenBackend("goes on with the nodes of runs that are over", caughtBy: "L2.timeout.run") {
            request, reference in
            let task = Task { try await reference.executeNode(request) }
            return try await task.value
        },
        BrokenBackend("runs a node twice", caughtBy: "L1.node.once") { request, reference in
            _ = try await reference.executeNode(request)
            return try await reference.executeNode(request)
        },
        BrokenBackend("hangs", caughtBy: "L0.execute.result-shape") { _, _ in
            try await Task.sleep(for: .seconds(600))
            return .success(output: .null)
        },
        BrokenBackend("executes types that it does not have", caughtBy: "L0.execute.unknown-type") {
            request, reference in
            guard reference.validate(request.node).isEmpty else { return .success(output: request.input) }
            return try await reference.executeNode(request)
        },
        BrokenBackend("takes any node", caughtBy: "L0.validate.refuses-unknown", validation: { _, _ in [] }),
        BrokenBackend(
            "takes no node", caughtBy: "L0.validate.takes-known",
            validation: { _, _ in [ValidationIssue(["type"], "not today")] }),
        BrokenBackend(
            "executes what it is to check", caughtBy: "L0.validate.executes-nothing",
            validation: { node, reference in
                let run = RunInformation(
                    id: WorkflowID("check"), name: "check", backend: "broken", submittedAt: SystemClock().now)
                _ = try? await reference.executeNode(
                    NodeRequest(node: node, input: .null, attempt: 1, run: run, clock: SystemClock()))
                return reference.validate(node)
            }),
        BrokenBackend(
            "answers checks by the time of day", caughtBy: "L0.validate.repeats",
            validation: { [count = Counter()] node, reference in
                let issues = reference.validate(node)
                return issues.map { ValidationIssue($0.pointer, "\($0.detail) (\(count.next()))") }
            }),
        BrokenBackend("stops at the first failure", caughtBy: "L1.errors.lives-on") {
            [dead = Atomic(false)] request, reference in
            if dead.load(ordering: .relaxed) { throw BackendError(.unavailable, backend: "broken", "gone") }
            let result = try await reference.executeNode(request)
            if case .failure = result { dead.store(true, ordering: .relaxed) }
            return result
        },
        BrokenBackend("tells a fault another way each time", caughtBy: "L1.errors.stable") {
            [count = Counter()] request, reference in
            let result = try await reference.executeNode(request)
            guard case .failure(let failure) = result else { return result }
            return .failure(NodeFailure(NodeFailure.Code("code_\(count.next())"), failure.message))
        },
        BrokenBackend("keeps state between nodes", caughtBy: "L1.node.repeats") {
            [count = Counter()] request, reference in
            let result = try await reference.executeNode(request)
            guard request.node.type == "greet", case .success = result else { return result }
            return .success(output: ["greeting": .string("hello number \(count.next())")])
        },
        BrokenBackend("hides a type that it has", caughtBy: "L1.node.types-declared", hiding: "passthrough"),
        BrokenBackend("makes texts of numbers", caughtBy: "L1.node.every-kind") { request, reference in
            var request = request
            request.input = request.input.mapped { $0.double.map { .string("\($0)") } ?? $0 } ?? .null
            return try await reference.executeNode(request)
        },
        BrokenBackend("runs one node at a time", caughtBy: "L2.parallel.really") {
            [queue = Queue()] request, reference in
            try await queue.run { try await reference.executeNode(request) }
        },
        BrokenBackend("remembers results by the id of the node", caughtBy: "L2.isolation.same-node-id") {
            [memory = Memory()] request, reference in
            try await memory.result(request.node.id.rawValue) { try await reference.executeNode(request) }
        },
        BrokenBackend("remembers results of earlier attempts", caughtBy: "L2.idempotency.next-attempt") {
            [memory = Memory()] request, reference in
            try await memory.result("\(request.run.id)/\(request.node.id)") { try await reference.executeNode(request) }
        },
        BrokenBackend("gives every attempt the first failure", caughtBy: "L2.retry.second-chance") {
            [memory = Memory()] request, reference in
            try await memory.result("\(request.run.id)/\(request.node.id)") { try await reference.executeNode(request) }
        },
        BrokenBackend("keeps the place of cancelled nodes", caughtBy: "L2.cancel.lives-on") {
            [active = Counter()] request, reference in
            guard active.value < 4 else { throw BackendError(.overloaded, backend: "broken", "full") }
            _ = active.next()
            let result = try await reference.executeNode(request)
            active.back()
            return result
        },
        BrokenBackend("cuts large outputs", caughtBy: "L2.payload.one-megabyte") { request, reference in
            let result = try await reference.executeNode(request)
            guard case .success(let output, _) = result, let rows = output["rows"]?.array, rows.count > 1000 else {
                return result
            }
            return .success(output: ["rows": .array(Array(rows.prefix(1000)))])
        },
        BrokenBackend("normalises texts", caughtBy: "L2.payload.unicode") { request, reference in
            var request = request
            request.input =
                request.input.mapped { $0.string.map { .string($0.precomposedStringWithCanonicalMapping) } ?? $0 }
                ?? .null
            return try await reference.executeNode(request)
        },
        BrokenBackend("ends texts at NUL", caughtBy: "L2.payload.nul") { request, reference in
            var request = request
            request.input =
                request.input.mapped { $0.string.map { .string(String($0.prefix { $0 != "\u{0}" })) } ?? $0 } ?? .null
            return try await reference.executeNode(request)
        },
        BrokenBackend("holds integers as doubles", caughtBy: "L2.payload.large-integers") { request, reference in
            var request = request
            request.input = request.input.mapped { $0.double.map { .double($0) } ?? $0 } ?? .null
            return try await reference.executeNode(request)
        },
        BrokenBackend("holds numbers as floats", caughtBy: "L2.payload.numbers") { request, reference in
            var request = request
            request.input = request.input.mapped { $0.double.map { .double(Double(Float($0))) } ?? $0 } ?? .null
            return try await reference.executeNode(request)
        },
        BrokenBackend("leaves out what is null", caughtBy: "L2.payload.empty") { request, reference in
            var request = request
            request.input = request.input.mapped { $0.isNull ? nil : $0 } ?? .null
            return try await reference.executeNode(request)
        },
        BrokenBackend("asks without a question", caughtBy: "L2.interrupt.result") { request, reference in
            request.node.type == "ask" ? .interrupted(prompt: .null) : try await reference.executeNode(request)
        },
        BrokenBackend("answers its own questions", caughtBy: "L2.interrupt.answered") { request, reference in
            request.node.type == "ask" ? .success(output: "yes") : try await reference.executeNode(request)
        },
        BrokenBackend(
            "says that it is ill", caughtBy: "L0.health.healthy", health: .unhealthy(reason: "a cold")),
    ]
}

/// Counts.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    func back() { count.subtract(1, ordering: .relaxed) }
}

/// Keeps results.
final class Memory: Sendable {
    private let results = Mutex<[String: NodeResult]>([:])

    func result(_ key: String, _ make: () async throws -> NodeResult) async throws -> NodeResult {
        if let known = results.withLock({ $0[key] }) { return known }
        let made = try await make()
        results.withLock { $0[key] = made }
        return made
    }
}
