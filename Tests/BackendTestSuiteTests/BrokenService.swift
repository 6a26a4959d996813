import FlowBackends
import FlowCore
import FlowJSON
import MicroHTTPD
import TestSupport
import Testing

@testable import BackendTestSuite

/// A service that speaks the wire protocol with one fault: a server in front of a real one, which spoils what goes through.
struct BrokenService: Sendable, CustomTestStringConvertible {
    typealias Reply = LoopbackServer.Reply

    /// An answer on its way.
    struct Answer: Sendable {
        var status: Int
        var fields: [(name: String, value: String)]
        var body: [UInt8]

        /// The body as JSON, for changes to it.
        var json: JSONValue {
            get { (try? JSONParser.parse(body)) ?? .null }
            set { body = JSONWriter.bytes(of: newValue) }
        }

        mutating func set(_ name: String, _ value: JSONValue?) {
            var object = json.object ?? JSONObject()
            object[name] = value
            json = .object(object)
        }

        mutating func type(_ value: String) {
            fields.removeAll { $0.name.lowercased() == "content-type" }
            fields.append(("Content-Type", value))
        }
    }

    let fault: String
    let caughtBy: String
    var prepare: @Sendable (inout LoopbackServer.Request) -> Void = { _ in }
    /// Whether the work behind it goes on when the client has left.
    var isDeaf = false
    /// Whether it executes what came of requests that broke off.
    var takesParts = false
    let spoil: @Sendable (LoopbackServer.Request, Answer) async -> Answer?

    var testDescription: String { "\(fault): \(caughtBy)" }

    init(
        _ fault: String, caughtBy: String, prepare: (@Sendable (inout LoopbackServer.Request) -> Void)? = nil,
        isDeaf: Bool = false, takesParts: Bool = false,
        _ spoil: @escaping @Sendable (LoopbackServer.Request, Answer) async -> Answer?
    ) {
        self.fault = fault
        self.caughtBy = caughtBy
        if let prepare { self.prepare = prepare }
        self.isDeaf = isDeaf
        self.takesParts = takesParts
        self.spoil = spoil
    }

    /// Calls `body` with the URL of the service.
    static func with<Result: Sendable>(
        _ broken: BrokenService, _ body: (String) async throws -> Result
    ) async throws -> Result {
        try await ReferenceBackend.with { reference in
            var options = TestServer.Options()
            options.backends = [reference]
            options.http.maxBodyBytes = 32 << 20
            return try await TestServer.with(options) { server in
                let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: true))
                let wire = WireClient(
                    base: "http://127.0.0.1:\(server.client.port)/backends/reference", fields: [], calls: calls)
                let result: Swift.Result<Result, any Error>
                do {
                    result = .success(
                        try await LoopbackServer.with(
                            takesParts: broken.takesParts, { await broken.respond(to: $0, wire) }
                        ) { try await body($0.url) }
                    )
                } catch {
                    result = .failure(error)
                }
                await calls.shutdown()
                return try result.get()
            }
        }
    }

    private func respond(to request: LoopbackServer.Request, _ wire: WireClient) async -> Reply {
        var request = request
        prepare(&request)
        let asked = request
        let work = Task { [isDeaf] () -> HTTPExchange? in
            let fields = asked.fields.filter {
                !["host", "content-length", "connection"].contains($0.name.lowercased())
            }
            let body = ["GET", "HEAD"].contains(asked.method) ? nil : asked.body
            let path = asked.path == "/" ? "" : asked.path
            return try? await wire.calls.exchange(
                asked.method, wire.base + path, fields: fields, body: body, within: .seconds(isDeaf ? 15 : 60))
        }
        let exchange = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            if !isDeaf { work.cancel() }
        }
        guard let exchange else { return .nothing }
        let answer = Answer(status: exchange.status, fields: exchange.fields, body: exchange.body)
        guard let spoiled = await spoil(request, answer) else {
            let head = Reply.head(answer.status, answer.fields, length: answer.body.count)
            return Reply(parts: [head, Array(answer.body.prefix(answer.body.count / 2))], closes: true)
        }
        if request.method == "HEAD" {
            return Reply(parts: [Reply.head(spoiled.status, spoiled.fields, length: 0)])
        }
        return .answer(spoiled.status, spoiled.fields, spoiled.body)
    }
}
