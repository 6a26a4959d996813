import FlowCore
import FlowJSON

/// What servers and workers send each other through a broker: JSON objects with a version. They are read strictly, since
/// anybody who reaches the broker may send what he likes.
enum Envelope {
    /// The version that is written, and the latest one that is read.
    static let version = 1
    /// The largest one that is sent; what is larger goes through the object store. Brokers take a megabyte.
    static let largest = 512 << 10

    /// Values may nest as deep as the engine lets them, and lie a few levels deep in an envelope.
    static let limits = JSONLimits(depth: 300)
    /// How many results one message may hold.
    static let mostResults = 1024

    /// Why a message is refused.
    enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// It is none of ours.
        case foreign(String)
        /// It is of a later version.
        case newer(Int)

        /// The reason as a sentence.
        var description: String {
            switch self {
            case .foreign(let reason): "it is no such envelope: \(reason)"
            case .newer(let version):
                "it is of version \(version), and this program reads versions up to \(Envelope.version)"
            }
        }
    }

    /// Reads an envelope's fields.
    ///
    /// - Parameter body: Reads what is expected; every other field is refused.
    static func read<Value>(
        _ bytes: [UInt8], _ body: (inout FieldReader, JSONObject) -> Value?
    ) throws(Refusal) -> Value {
        var recall: JSONRecall?
        return try read(bytes, recall: &recall) { fields, object, _ in body(&fields, object) }
    }

    /// Reads the fields of an envelope of which a part may have come before.
    static func read<Value>(
        _ bytes: [UInt8], recall: inout JSONRecall?,
        _ body: (inout FieldReader, JSONObject, JSONRecall?) -> Value?
    ) throws(Refusal) -> Value {
        let value: JSONValue
        do { value = try JSONParser.parse(bytes.span, limits: limits, recall: &recall) } catch {
            throw .foreign("it is no JSON: \(error)")
        }
        let recalled = recall
        return try read(value) { fields, object in body(&fields, object, recalled) }
    }

    /// Reads an envelope's fields.
    static func read<Value>(
        _ value: JSONValue, _ body: (inout FieldReader, JSONObject) -> Value?
    ) throws(Refusal) -> Value {
        guard let object = value.object else { throw .foreign("it is no object") }
        guard let version = object["v"]?.integer, version > 0 else { throw .foreign("it has no version") }
        guard version <= Int64(Self.version) else { throw .newer(Int(clamping: version)) }
        var fields = FieldReader(object, at: [])
        _ = fields.value("v")
        let found = body(&fields, object)
        let issues = fields.finish()
        guard issues.isEmpty, let found else {
            throw .foreign(issues.prefix(5).map(\.description).joined(separator: "; "))
        }
        return found
    }
}

/// A value that is sent, or where it lies in the object store.
enum Payload: Hashable, Sendable {
    /// The value itself.
    case inline(JSONValue)
    /// The name of an object that holds it as JSON.
    case stored(String)

    /// Reads a value's field, or the one with `_ref` behind its name.
    static func read(_ name: String, _ fields: inout FieldReader) -> Payload? {
        let value = fields.value(name)
        if let reference = fields.text(name + "_ref", maximum: 512) {
            if value != nil { fields.refuse(name, "it is given twice, here and by reference") }
            return .stored(reference)
        }
        return value.map { .inline($0) }
    }

    func write(_ name: String, to writer: inout JSONWriter) {
        switch self {
        case .inline(let value):
            writer.field(name)
            writer.value(value)
        case .stored(let reference):
            writer.field(name + "_ref")
            writer.string(reference)
        }
    }
}

extension JSONWriter {
    mutating func field(_ name: String, _ text: String) {
        field(name)
        string(text)
    }

    mutating func field(_ name: String, _ number: Int) {
        field(name)
        integer(number)
    }

    mutating func field(_ name: String, _ flag: Bool) {
        field(name)
        bool(flag)
    }

    mutating func field(_ name: String, _ value: JSONValue) {
        field(name)
        self.value(value)
    }
}
