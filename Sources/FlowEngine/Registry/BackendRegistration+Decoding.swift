public import FlowCore
public import FlowJSON

extension BackendRegistration {
    /// Reads a registration as clients send it and files hold it.
    ///
    /// - Parameters:
    ///   - name: The name when it stands elsewhere; `nil` when the object has it.
    ///   - place: Where the object is in its document.
    ///   - file: The file that holds it.
    /// - Throws: ``ValidationError`` with everything that is wrong.
    public init(
        decoding object: JSONObject, name: BackendName? = nil, at place: JSONPointer = [], file: String? = nil
    ) throws(ValidationError) {
        var fields = FieldReader(object, at: place)
        var name = name
        if name == nil {
            fields.require("name")
            name = fields.backend("name")
        }
        let level = fields.value(
            "require_conformance", expected: "one of \"L0\", \"L1\", \"L2\", \"L3\""
        ) { $0.string.flatMap(ConformanceLevel.init(rawValue:)) }
        if name == .automatic { fields.refuse("name", "\"auto\" stands for the server's own choice") }
        fields.require("type")
        let type = fields.text("type", maximum: 64)
        let config = fields.object("config") ?? JSONObject()
        let issues = fields.finish()
        guard issues.isEmpty, let name, let type else { throw ValidationError(issues) }
        self.init(name: name, type: type, config: config, requireConformance: level, file: file)
    }
}
