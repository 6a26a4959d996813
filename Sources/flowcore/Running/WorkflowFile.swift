import FlowCore
import FlowJSON
import FoundationEssentials
import Yams

/// A workflow, or a whole submission, in a file of JSON or YAML.
struct WorkflowFile {
    /// The submission that the file stands for.
    let submission: JSONObject

    /// Reads a file. What holds `nodes` is a workflow, anything else a submission.
    ///
    /// - Throws: ``UsageError`` when the file cannot be read or understood.
    init(path: String) throws {
        let object = try Self.object(path: path)
        submission = object["nodes"] != nil ? ["workflow": .object(object)] : object
    }

    /// The object that a file of JSON or YAML holds.
    ///
    /// - Throws: ``UsageError`` when the file cannot be read or understood.
    static func object(path: String) throws -> JSONObject {
        let value: JSONValue
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            value = try parse(Array(data), isYAML: path.hasSuffix(".yaml") || path.hasSuffix(".yml"))
        } catch let error as JSONSyntaxError {
            throw UsageError(description: "\(path): not acceptable JSON: \(error)")
        } catch let error as UsageError {
            throw UsageError(description: "\(path): \(error)")
        } catch {
            throw UsageError(description: "\(path) cannot be read: \(error)")
        }
        guard let object = value.object else {
            throw UsageError(description: "\(path): expected an object, found \(value.typeName)")
        }
        return object
    }

    static func parse(_ bytes: [UInt8], isYAML: Bool) throws -> JSONValue {
        guard isYAML else { return try JSONParser.parse(bytes) }
        guard let root = try YAMLText(bytes).compose() else { throw UsageError(description: "the file is empty") }
        return try value(root)
    }

    /// The JSON value of a YAML node, by the rules of YAML 1.2's core schema: a plain scalar is what JSON would read,
    /// else a text.
    static func value(_ node: Yams.Node) throws -> JSONValue {
        switch node {
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, element) in mapping {
                guard let name = key.string else { throw UsageError(description: "a key is not a text") }
                guard object.add(name, try value(element)) else {
                    throw UsageError(description: "the key \"\(name)\" occurs twice")
                }
            }
            return .object(object)
        case .sequence(let sequence): return .array(try sequence.map { try value($0) })
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            switch scalar.string {
            case "", "~", "null": return .null
            default:
                guard let read = try? JSONParser.parse(scalar.string), read.object == nil, read.array == nil else {
                    return .string(scalar.string)
                }
                return read
            }
        case .alias: throw UsageError(description: "aliases are not supported")
        }
    }
}
