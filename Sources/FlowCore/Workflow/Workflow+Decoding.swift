public import FlowJSON

extension Workflow {
    /// Reads a workflow of JSON and checks its graph.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong, each with its pointer below `location`.
    public init(
        decoding value: JSONValue, at location: JSONPointer = [], limits: WorkflowLimits = WorkflowLimits()
    ) throws(ValidationError) {
        guard let object = value.object else {
            throw ValidationError([ValidationIssue(location, "expected a workflow object, found \(value.typeName)")])
        }
        var fields = FieldReader(object, at: location)
        fields.require("name")
        fields.require("nodes")
        let name = fields.text("name")
        let version = fields.value("version", expected: "a string or an integer") {
            $0.string ?? $0.integer.map { String($0) }
        }
        let elements = fields.array("nodes") ?? []
        let timeout = fields.duration("timeout")
        let maxParallel = fields.integer("max_parallel", in: 1...limits.maxParallel)
        let backend = fields.backend("backend")
        let requires = fields.texts("requires") ?? []
        if object["nodes"]?.array?.isEmpty == true { fields.refuse("nodes", "a workflow needs at least one node") }
        var nodes: [Node] = []
        /// The nodes as far as their place in the graph can be read, so that one broken field does not hide a cycle.
        var sketches: [Node] = []
        if elements.count > limits.nodes {
            fields.refuse("nodes", "\(elements.count) nodes are more than the limit of \(limits.nodes)")
        } else {
            nodes.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                do {
                    nodes.append(try Node(decoding: element, at: location.appending("nodes").appending(index)))
                    sketches.append(nodes[nodes.count - 1])
                } catch {
                    fields.add(error.issues)
                    if let sketch = Node(sketching: element) { sketches.append(sketch) }
                }
            }
        }
        var issues = fields.finish()
        if sketches.count == elements.count {
            issues += WorkflowGraph.issues(of: sketches, at: location.appending("nodes"))
        }
        guard issues.isEmpty, let name else { throw ValidationError(issues) }
        self.init(
            name: name, version: version, nodes: nodes, timeout: timeout, maxParallel: maxParallel, backend: backend,
            requires: requires)
    }
}

extension Node {
    /// Reads no more than a node's place in the graph, or `nil` when that cannot be read.
    init?(sketching value: JSONValue) {
        guard let id = value["node_id"]?.string.flatMap(NodeID.init(checking:)) else { return nil }
        let names = value["depends_on"]?.array
        let dependencies = names?.compactMap { $0.string.flatMap(NodeID.init(checking:)) }
        guard dependencies?.count == names?.count else { return nil }
        self.init(id: id, type: "", dependsOn: dependencies)
    }

    /// Reads a node of JSON.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    public init(decoding value: JSONValue, at location: @autoclosure @escaping () -> JSONPointer)
        throws(ValidationError)
    {
        guard let object = value.object else {
            throw ValidationError([ValidationIssue(location(), "expected a node object, found \(value.typeName)")])
        }
        var fields = FieldReader(object, at: location())
        fields.require("node_id")
        fields.require("type")
        let id = fields.value("node_id", expected: "1 to 128 letters, digits, '_' or '-', not starting with '-'") {
            $0.string.flatMap(NodeID.init(checking:))
        }
        let type = fields.text("type", maximum: 128)
        let config = fields.object("config") ?? JSONObject()
        let dependsOn = fields.texts("depends_on")?.map { NodeID($0) }
        let timeout = fields.duration("timeout")
        let backend = fields.backend("backend")
        let issues = fields.finish()
        guard issues.isEmpty, let id, let type else { throw ValidationError(issues) }
        self.init(id: id, type: type, config: config, dependsOn: dependsOn, timeout: timeout, backend: backend)
    }
}
