import FlowJSON
import FlowNATS
import Synchronization
import TestSupport
import Testing

@Suite("what a connection to a broker tells", .timeLimit(.minutes(1)))
struct ConnectionTests {
    private static func connection() async throws -> (Broker, NATSConnection) {
        let broker = try await Broker()
        return (broker, try await broker.connection())
    }

    /// A broker lives as long as it is held.
    private static func end(_ connection: NATSConnection, _ broker: Broker) {
        connection.close()
        withExtendedLifetime(broker) {}
    }

    private static func outcome(_ body: () async throws(NATSError) -> Void) async -> NATSError? {
        do throws(NATSError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test("what nobody takes is told, and what comes behind it is handed on")
    func nobody() async throws {
        let (broker, connection) = try await Self.connection()
        defer { Self.end(connection, broker) }
        let stream = JetStream(connection)
        try await stream.ensureStream(["name": "S", "subjects": ["s.>"], "storage": "file"])
        let time: Duration = .seconds(10)
        // They come to the same place, the answer of the stream behind that of nobody.
        async let kept = Self.outcome { () throws(NATSError) in
            _ = try await stream.publish("s.a", id: "kept", [2], within: time)
        }
        let lost = await withCheckedContinuation { continuation in
            connection.request("nobody.there", within: time, isCommon: true) { continuation.resume(returning: $0) }
        }
        #expect(throws: NATSError.noResponders) { try lost.get() }
        #expect(await kept == nil)
        #expect(try await stream.last(on: "s.a", of: "S")?.payload == [2])
        let asked = await Self.outcome { () throws(NATSError) in
            _ = try await connection.request("nobody.there", within: time)
        }
        #expect(asked == .noResponders)
    }

    @Test("a request for messages that nobody takes does not stay open")
    func nobodyToPull() async throws {
        let (broker, connection) = try await Self.connection()
        defer { Self.end(connection, broker) }
        let ended = Mutex(0)
        let consumer = PullConsumer(
            connection, stream: "NONE", consumer: "none", number: 1, onMessage: { _ in },
            onEnd: { ended.withLock { $0 += 1 } })
        try consumer.ask(for: 5, within: .seconds(60))
        try await until { ended.withLock { $0 } == 1 && consumer.outstanding == 0 }
    }

    @Test("what is done with is told without anything else to send")
    func patience() async throws {
        let (broker, connection) = try await Self.connection()
        defer { Self.end(connection, broker) }
        let heard = Mutex<[UInt8]>([])
        connection.listen("here") { message in heard.withLock { $0 = message.payload } }
        try connection.publish("here", [7], isPatient: true)
        try await until { heard.withLock { $0 } == [7] }
    }

    @Test("a reminder comes without anything to read")
    func reminder() async throws {
        let (broker, connection) = try await Self.connection()
        defer { Self.end(connection, broker) }
        let reminded = Mutex(0)
        connection.onReminder { reminded.withLock { $0 += 1 } }
        connection.remind(after: .milliseconds(5))
        try await until { reminded.withLock { $0 } > 0 }
    }
}
