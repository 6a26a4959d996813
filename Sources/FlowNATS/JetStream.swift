import Dispatch
package import FlowJSON
import FoundationEssentials

/// JetStream as it is spoken over a connection.
package struct JetStream: Sendable {
    /// What a message that is kept says of itself.
    package struct Stored: Sendable {
        /// Its place in the stream, from 1.
        package var sequence: UInt64
        /// The subject.
        package var subject: String
        /// What was sent.
        package var payload: [UInt8]
    }

    /// What became of a message that was sent to a stream.
    package struct Receipt: Hashable, Sendable {
        /// Its place in the stream, from 1.
        package var sequence: UInt64
        /// Whether the stream had it already.
        package var isDuplicate: Bool
    }

    /// How long an answer is waited for before the same message is sent again.
    private static let patience: Duration = .seconds(1)
    /// When a message is sent again that nobody took.
    private static let pause: DispatchTimeInterval = .milliseconds(100)
    /// JetStream's code for a message or stream that is not there.
    private static let notFound: Set<Int> = [10037, 10057, 10059, 10014]

    /// The connection.
    package let connection: NATSConnection

    /// Speaks over a connection.
    package init(_ connection: NATSConnection) { self.connection = connection }

    /// Calls the API.
    ///
    /// - Throws: ``NATSError/refused(code:description:)`` when it refuses.
    package func call(
        _ name: String, _ body: JSONObject = JSONObject(), within time: Duration = .seconds(5)
    ) async throws(NATSError) -> JSONValue {
        let payload = body.isEmpty ? [] : JSONWriter.bytes(of: .object(body))
        return try Self.answer(try await connection.request("$JS.API." + name, payload, within: time))
    }

    private static func answer(_ message: NATSMessage) throws(NATSError) -> JSONValue {
        guard let value = try? JSONParser.parse(message.payload) else { throw .malformed("it is no JSON") }
        if let error = value["error"] {
            let code = error["err_code"]?.integer ?? error["code"]?.integer ?? 0
            throw .refused(code: Int(code), description: error["description"]?.string ?? "no reason is given")
        }
        return value
    }

    /// Sends a message to a stream until the stream says that it has it.
    ///
    /// - Parameter id: By which the stream knows the message again.
    package func publish(
        _ subject: String, id: String, _ payload: [UInt8], within time: Duration
    ) async throws(NATSError) -> Receipt {
        try await withCheckedContinuation { continuation in
            publish(subject, id: id, payload, within: time) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Sends a message to a stream until the stream says that it has it, or the time has passed.
    package func publish(
        _ subject: String, id: String, _ payload: [UInt8], within time: Duration,
        completion: @escaping @Sendable (Result<Receipt, NATSError>) -> Void
    ) {
        let deadline = ContinuousClock.now.advanced(by: time)
        let patience = min(Self.patience, time)
        connection.request(subject, headers: [("Nats-Msg-Id", id)], payload, within: patience, isCommon: true) {
            result in
            switch result {
            case .success(let message):
                do throws(NATSError) {
                    let answer = try Self.answer(message)
                    guard let sequence = answer["seq"]?.integer else { throw .malformed("it tells no place") }
                    completion(
                        .success(
                            Receipt(
                                sequence: UInt64(max(sequence, 0)), isDuplicate: answer["duplicate"]?.bool ?? false)))
                } catch {
                    completion(.failure(error))
                }
            case .failure(.timedOut) where ContinuousClock.now < deadline:
                publish(
                    subject, id: id, payload, within: ContinuousClock.now.duration(to: deadline),
                    completion: completion)
            case .failure(.noResponders) where ContinuousClock.now < deadline:
                // As while the brokers of a cluster choose who leads.
                DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause) {
                    publish(
                        subject, id: id, payload, within: ContinuousClock.now.duration(to: deadline),
                        completion: completion)
                }
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    /// Makes a stream, or changes the one of its name to be so.
    package func ensureStream(_ config: JSONObject) async throws(NATSError) {
        let name = config["name"]?.string ?? ""
        guard let info = try await find("STREAM.INFO." + name) else {
            _ = try await call("STREAM.CREATE." + name, config)
            return
        }
        // A change that changes nothing is refused too while a broker of the cluster is away.
        if Self.holds(info["config"], .object(config)) { return }
        _ = try await call("STREAM.UPDATE." + name, config)
    }

    /// What the API tells of something; `nil` when it is not there.
    private func find(_ name: String) async throws(NATSError) -> JSONValue? {
        do throws(NATSError) { return try await call(name) } catch {
            if case .refused(let code, _) = error, Self.notFound.contains(code) { return nil }
            throw error
        }
    }

    /// Whether a value says what is wished, and maybe more.
    private static func holds(_ value: JSONValue?, _ wish: JSONValue) -> Bool {
        guard case .object(let members) = wish else { return value == wish }
        return members.members.allSatisfy { holds(value?[$0.name], $0.value) }
    }

    /// Makes a durable consumer, or changes the one of its name to be so.
    package func ensureConsumer(_ name: String, of stream: String, _ config: JSONObject) async throws(NATSError) {
        let info = try await find("CONSUMER.INFO.\(stream).\(name)")
        if let info, Self.holds(info["config"], .object(config)) { return }
        var config = config
        config["durable_name"] = .string(name)
        _ = try await call(
            "CONSUMER.DURABLE.CREATE.\(stream).\(name)",
            ["stream_name": .string(stream), "config": .object(config)])
    }

    /// The last message on a subject; `nil` when there is none.
    package func last(on subject: String, of stream: String) async throws(NATSError) -> Stored? {
        try await get(["last_by_subj": .string(subject)], of: stream)
    }

    /// The first message on a subject from a place on; `nil` when there is none.
    package func next(
        on subject: String, from sequence: UInt64, of stream: String
    ) async throws(NATSError) -> Stored? {
        try await get(["seq": .integer(Int64(clamping: sequence)), "next_by_subj": .string(subject)], of: stream)
    }

    private func get(_ query: JSONObject, of stream: String) async throws(NATSError) -> Stored? {
        let answer: JSONValue
        do throws(NATSError) { answer = try await call("STREAM.MSG.GET." + stream, query) } catch {
            if case .refused(let code, _) = error, Self.notFound.contains(code) { return nil }
            throw error
        }
        guard let message = answer["message"], let sequence = message["seq"]?.integer,
            let subject = message["subject"]?.string
        else { throw .malformed("it holds no message") }
        let payload = message["data"]?.string.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } ?? []
        return Stored(sequence: UInt64(max(sequence, 0)), subject: subject, payload: payload)
    }

    /// Takes a message out of a stream.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    package func delete(_ sequence: UInt64, of stream: String) async throws(NATSError) -> Bool {
        do throws(NATSError) {
            _ = try await call(
                "STREAM.MSG.DELETE." + stream, ["seq": .integer(Int64(clamping: sequence)), "no_erase": true])
            return true
        } catch {
            if case .refused(let code, _) = error, Self.notFound.contains(code) || code == 10043 { return false }
            throw error
        }
    }

    /// Takes all messages on a subject, which may have wildcards, out of a stream.
    package func purge(_ subject: String, of stream: String) async throws(NATSError) {
        _ = try await call("STREAM.PURGE." + stream, ["filter": .string(subject)])
    }
}
