import Crypto
import FlowJSON
import FoundationEssentials

/// A bucket of NATS' object store: what is too large for a message is kept in parts, as other clients of NATS do it.
package struct ObjectStore: Sendable {
    /// How large a part is.
    private static let part = 256 << 10
    /// How long an object may take to be sent or read.
    private static let time: Duration = .seconds(30)

    private let stream: JetStream
    private let bucket: String
    private var name: String { "OBJ_" + bucket }

    /// Makes a client of a bucket.
    package init(_ stream: JetStream, bucket: String) {
        self.stream = stream
        self.bucket = bucket
    }

    /// Makes the bucket, or changes it to be so.
    ///
    /// - Parameter age: How long objects are kept.
    package func ensure(replicas: Int, maxBytes: Int, age: Duration) async throws(NATSError) {
        try await stream.ensureStream([
            "name": .string(name), "subjects": [.string("$O.\(bucket).C.>"), .string("$O.\(bucket).M.>")],
            "retention": "limits", "storage": "file", "discard": "new", "max_bytes": .integer(Int64(maxBytes)),
            "max_age": .integer(Int64(age / .nanoseconds(1))), "num_replicas": .integer(Int64(replicas)),
            "allow_rollup_hdrs": true, "allow_direct": true,
        ])
    }

    /// Stores an object; one of its name is replaced.
    ///
    /// - Parameter unique: Tells its parts apart from those of all other objects.
    package func put(_ object: String, unique: String, _ bytes: [UInt8]) async throws(NATSError) {
        let parts = "$O.\(bucket).C.\(unique)"
        var count = 0
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.part, bytes.count)
            _ = try await stream.publish(
                parts, id: "\(unique).\(count)", Array(bytes[start..<end]), within: Self.time)
            count += 1
            start = end
        }
        let digest = Data(SHA256.hash(data: bytes)).base64EncodedString().urlSafe
        let meta: JSONObject = [
            "name": .string(object), "bucket": .string(bucket), "nuid": .string(unique),
            "size": .integer(Int64(bytes.count)), "chunks": .integer(Int64(count)),
            "mtime": "0001-01-01T00:00:00Z", "digest": .string("SHA-256=" + digest),
            "options": ["max_chunk_size": .integer(Int64(Self.part))],
        ]
        _ = try await stream.publish(
            subject(of: object), id: "\(unique).meta", JSONWriter.bytes(of: .object(meta)), within: Self.time)
    }

    private func subject(of object: String) -> String {
        "$O.\(bucket).M." + Data(object.utf8).base64EncodedString().urlSafe
    }

    private func parts(of object: String) async throws(NATSError) -> (subject: String, size: Int, digest: String)? {
        guard let meta = try await stream.last(on: subject(of: object), of: name),
            let value = try? JSONParser.parse(meta.payload), let unique = value["nuid"]?.string,
            let size = value["size"]?.integer, value["deleted"]?.bool != true
        else { return nil }
        return ("$O.\(bucket).C.\(unique)", Int(clamping: size), value["digest"]?.string ?? "")
    }

    /// Reads an object.
    ///
    /// - Parameter most: The largest one that is read.
    /// - Returns: `nil` when there is none of that name.
    package func get(_ object: String, most: Int) async throws(NATSError) -> [UInt8]? {
        guard let parts = try await parts(of: object) else { return nil }
        guard parts.size <= most else { throw .malformed("the object has \(parts.size) bytes, and \(most) are read") }
        var bytes: [UInt8] = []
        var sequence: UInt64 = 1
        while bytes.count < parts.size {
            guard let next = try await stream.next(on: parts.subject, from: sequence, of: name) else { return nil }
            bytes += next.payload
            sequence = next.sequence + 1
        }
        let digest = "SHA-256=" + Data(SHA256.hash(data: bytes)).base64EncodedString().urlSafe
        guard bytes.count == parts.size, parts.digest.isEmpty || parts.digest.padded == digest.padded else {
            throw .malformed("the object is not what was stored")
        }
        return bytes
    }

    /// Takes an object out of the store, if it is there.
    package func delete(_ object: String) async throws(NATSError) {
        guard let parts = try await parts(of: object) else { return }
        try await stream.purge(parts.subject, of: name)
        try await stream.purge(subject(of: object), of: name)
    }
}

extension String {
    /// Base64 with the letters that subjects take.
    fileprivate var urlSafe: String {
        String(map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// Base64 without what fills it up.
    fileprivate var padded: String { filter { $0 != "=" } }
}
