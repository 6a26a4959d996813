import FlowCore
import FlowJSON

/// What a remote backend says of itself.
struct RemoteDescription: Hashable, Sendable {
    var capabilities = BackendCapabilities(streaming: false, parallel: false, async: false, distributed: false)
    var contract = BackendContract()
    var nodeTypes: [NodeTypeDescription] = []
    var version: String?

    /// What is known of one that has not been asked yet.
    init() {}

    /// Reads a descriptor and capabilities. What they leave out is taken not to be; unknown members are passed over, so
    /// that later versions can say more.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(descriptor: JSONObject, capabilities object: JSONObject) throws(ValidationError) {
        var fields = FieldReader(descriptor, at: [])
        fields.require("name")
        fields.require("node_types")
        _ = fields.text("name")
        version = fields.value("version", expected: "a string or null") { $0.isNull ? "" : $0.string }
        if version?.isEmpty == true { version = nil }
        let names = fields.texts("node_types") ?? []
        var details: [String: JSONValue] = [:]
        for (index, element) in (fields.array("node_type_details") ?? []).enumerated() {
            guard let name = element["type"]?.string, element["config_schema"]?.object != nil else {
                let place = fields.pointer("node_type_details").appending(index)
                fields.add(ValidationIssue(place, "expected an object with a type and a config_schema"))
                continue
            }
            details[name] = element
        }
        if let contract = fields.object("contract") { self.contract = Self.contract(contract, &fields) }
        nodeTypes = names.map { name in
            NodeTypeDescription(
                name: name, summary: details[name]?["summary"]?.string ?? "A node type of a remote backend.",
                configSchema: details[name]?["config_schema"] ?? ["type": "object"])
        }
        capabilities = Self.capabilities(object, &fields)
        guard fields.issues.isEmpty else { throw ValidationError(fields.issues) }
    }

    private static func capabilities(_ object: JSONObject, _ outer: inout FieldReader) -> BackendCapabilities {
        var flags: [String: Bool] = [:]
        for member in object.members {
            if let flag = member.value.bool {
                flags[member.name] = flag
            } else {
                outer.add(
                    ValidationIssue(
                        ["capabilities", .name(member.name)],
                        "expected a boolean, found \(FieldReader.excerpt(member.value))"))
            }
        }
        func has(_ name: String) -> Bool { flags[name] ?? false }
        return BackendCapabilities(
            streaming: has(BackendCapabilities.streaming), parallel: has(BackendCapabilities.parallel),
            async: has(BackendCapabilities.async), distributed: has(BackendCapabilities.distributed), others: flags)
    }

    private static func contract(_ object: JSONObject, _ outer: inout FieldReader) -> BackendContract {
        var contract = BackendContract()
        var fields = FieldReader(object, at: ["contract"])
        if let bytes = fields.integer("max_payload_bytes", in: 1...Int(Int32.max)) { contract.maxPayloadBytes = bytes }
        if let count = fields.integer("max_parallel", in: 1...Int(Int32.max)) { contract.maxParallel = count }
        if let time = fields.duration("time_to_cancel", allowZero: true) { contract.timeToCancel = time }
        if let isOrdered = fields.bool("ordered") { contract.isOrdered = isOrdered }
        let owner = fields.value("retry_owner", expected: "\"service\" or \"backend\"") {
            $0.string.flatMap(BackendContract.RetryOwner.init(rawValue:))
        }
        // What runs survive depends on the server that plans them, which is this one.
        if let owner { contract.retryOwner = owner }
        outer.add(fields.issues)
        return contract
    }
}
