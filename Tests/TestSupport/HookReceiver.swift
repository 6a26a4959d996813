import FlowCore
import FlowHTTP
package import FlowJSON
import Synchronization

/// A service that is told of the end of runs: what it was told, and a way to wait for more.
package final class HookReceiver: Sendable {
    private struct State: Sendable {
        var requests: [RecordedRequest] = []
        var waiters: [(isDone: @Sendable ([RecordedRequest]) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
            []
    }

    private let state = Mutex(State())
    private let reply: @Sendable (Int, RecordedRequest) async -> RecordedReply
    private let server = Mutex<RecordingServer?>(nil)

    private init(_ reply: @escaping @Sendable (Int, RecordedRequest) async -> RecordedReply) { self.reply = reply }

    /// Calls `body` with a receiver that is stopped afterwards.
    ///
    /// - Parameter reply: What it answers the request of a number, from 1.
    package static func with<Result: Sendable>(
        _ reply: @escaping @Sendable (Int, RecordedRequest) async -> RecordedReply = { _, _ in RecordedReply(204) },
        _ body: (HookReceiver) async throws -> Result
    ) async throws -> Result {
        let receiver = HookReceiver(reply)
        return try await RecordingServer.with {
            await receiver.answer($0)
        } _: { server in
            receiver.server.withLock { $0 = server }
            return try await body(receiver)
        }
    }

    /// Where it wants to be told.
    package var url: String { server.withLock { $0?.url ?? "" } + "/hook?of=test" }

    /// Where it wants to be told, as a submission says it.
    package var hook: JSONValue { .string(url) }

    /// What it was told so far.
    package var requests: [RecordedRequest] { state.withLock { $0.requests } }

    /// Waits until it was told so many times.
    package func requests(_ count: Int) async -> [RecordedRequest] { await requests { $0.count >= count } }

    /// Waits until what it was told is what a test waits for.
    package func requests(
        until isDone: @escaping @Sendable ([RecordedRequest]) -> Bool
    ) async -> [RecordedRequest] {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                guard !isDone(state.requests) else { return true }
                state.waiters.append((isDone, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
        return requests
    }

    private func answer(_ request: RecordedRequest) async -> RecordedReply {
        let (number, done) = state.withLock { state in
            state.requests.append(request)
            let requests = state.requests
            let done = state.waiters.filter { $0.isDone(requests) }.map(\.continuation)
            state.waiters.removeAll { $0.isDone(requests) }
            return (requests.count, done)
        }
        for waiter in done { waiter.resume() }
        return await reply(number, request)
    }
}

extension RecordedRequest {
    /// The body as JSON, or `null`.
    package var json: JSONValue { (try? JSONParser.parse(request.body)) ?? .null }
    /// The bytes of the body.
    package var bytes: [UInt8] { request.body }
}

extension TestClient {
    /// The delivery of a run, once what became of it is as a test waits for.
    package func delivery(of id: String, where isDone: (JSONValue) -> Bool) async throws -> JSONValue {
        while true {
            let delivery = try await send("GET", "/workflows/\(id)/delivery")
            if delivery.status == 200, isDone(delivery.json) { return delivery.json }
            // A pause between two looks, so that tests which run beside this one get on.
            try await SystemClock().sleep(until: SystemClock().now.advanced(by: .milliseconds(5)), tolerance: nil)
        }
    }

    /// Submits a workflow with a hook and waits for its end.
    ///
    /// - Returns: the run's id.
    package func runWithHook(
        _ hook: JSONValue, nodes: [JSONValue] = [node("a", "set", ["value": ["n": 1]])], _ more: JSONObject = [:]
    ) async throws -> String {
        var body: JSONObject = ["on_completion": hook]
        for member in more.members { body[member.name] = member.value }
        return try await run(workflow(nodes), body).json["workflow_id"]?.string ?? ""
    }
}
