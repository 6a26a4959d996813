import FlowCore
import FlowJSON

/// The node type that is an object of LangChain.
enum RunnableNode {
    static let type = "runnable"

    /// The type as clients see it.
    static let description = NodeTypeDescription(
        name: type,
        summary: "Runs an object of LangChain: one that a factory makes, or a serialized one.",
        configSchema: [
            "type": "object", "additionalProperties": false,
            "oneOf": [["required": ["factory"]], ["required": ["serialized"]]],
            "properties": [
                "factory": [
                    "type": "string",
                    "description":
                        "What makes the object, or is it: an import path such as my_company.chains:make_chain, which has to be allowed.",
                ],
                "args": ["type": "array", "description": "What the factory is called with, by position."],
                "kwargs": ["type": "object", "description": "What the factory is called with, by name."],
                "serialized": ["type": "object", "description": "The object as LangChain serializes it."],
                "stream": [
                    "type": "boolean",
                    "description": "Whether parts of the result are handed out; by default when the object has some.",
                ],
            ],
        ])

    /// Everything that is wrong with a configuration, as far as it can be told without Python.
    static func validate(_ config: JSONObject, _ allow: AllowList) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        let factory = fields.value("factory", expected: "an import path such as package.module:attribute") {
            $0.string.flatMap { AllowList.isPath($0) ? $0 : nil }
        }
        if let factory, !allow.permits(factory) {
            fields.refuse("factory", "\"\(factory)\" is not on the allow list of the backend")
        }
        let args = fields.array("args")
        let kwargs = fields.object("kwargs")
        for (name, value) in [("args", args.map { JSONValue.array($0) }), ("kwargs", kwargs.map { .object($0) })] {
            if let value { check(value, at: fields.pointer(name), allow, &fields) }
        }
        let serialized = fields.object("serialized")
        _ = fields.bool("stream")
        if config["factory"] == nil, config["serialized"] == nil {
            fields.add(ValidationIssue([], "one of the fields \"factory\" and \"serialized\" is required"))
        }
        if serialized != nil {
            for name in ["factory", "args", "kwargs"] where config[name] != nil {
                fields.refuse(name, "a serialized object is not made by a factory")
            }
        }
        return fields.finish()
    }

    /// Checks the paths of objects among arguments.
    private static func check(
        _ value: JSONValue, at place: JSONPointer, _ allow: AllowList, _ fields: inout FieldReader
    ) {
        switch value {
        case .array(let elements):
            for (index, element) in elements.enumerated() { check(element, at: place.appending(index), allow, &fields) }
        case .object(let object):
            for name in ["$factory", "$import"] {
                guard let found = object[name] else { continue }
                guard let path = found.string, AllowList.isPath(path) else {
                    fields.add(
                        ValidationIssue(
                            place.appending(name), "expected an import path such as package.module:attribute"))
                    continue
                }
                if !allow.permits(path) {
                    fields.add(
                        ValidationIssue(place.appending(name), "\"\(path)\" is not on the allow list of the backend"))
                }
            }
            for member in object.members { check(member.value, at: place.appending(member.name), allow, &fields) }
        default: return
        }
    }
}
