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
        let elements = fields.array("nodes")
        let timeout = fields.duration("timeout")
        let maxParallel = fields.integer("max_parallel", in: 1...limits.maxParallel)
        let backend = fields.backend("backend")
        let requires = fields.texts("requires") ?? []
        let variables = fields.object("variables") ?? JSONObject()
        let output = fields.template("output")
        let nodes = elements.flatMap { Self.decodeNodes($0, &fields, NodeDecoding(limits: limits)) }
        if let nodes {
            ReferenceChecker.check(nodes, output: output, at: location, &fields)
            let count = Self.count(nodes)
            if count > limits.nodes {
                fields.refuse(
                    "nodes", "\(count) nodes, those of bodies included, are more than the limit of \(limits.nodes)")
            }
        }
        let issues = fields.finish()
        guard issues.isEmpty, let name, let nodes else { throw ValidationError(issues) }
        self.init(
            name: name, version: version, nodes: nodes, timeout: timeout, maxParallel: maxParallel, backend: backend,
            requires: requires, variables: variables, output: output)
    }

    /// Reads the nodes of a workflow or of a body, and checks their graph.
    ///
    /// - Returns: `nil` when something is wrong, which `fields` has taken.
    static func decodeNodes(_ elements: [JSONValue], _ fields: inout FieldReader, _ context: NodeDecoding) -> [Node]? {
        let location = fields.pointer("nodes")
        if elements.isEmpty {
            fields.refuse("nodes", "\(context.depth == 0 ? "a workflow" : "a body") needs at least one node")
        }
        guard elements.count <= context.limits.nodes else {
            fields.refuse("nodes", "\(elements.count) nodes are more than the limit of \(context.limits.nodes)")
            return nil
        }
        let earlier = fields.issues.count
        var nodes: [Node] = []
        /// The nodes as far as their place in the graph can be read, so that one broken field does not hide a cycle.
        var sketches: [Node] = []
        nodes.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            do {
                nodes.append(try Node(decoding: element, at: location.appending(index), in: context))
                sketches.append(nodes[nodes.count - 1])
            } catch {
                fields.add(error.issues)
                if let sketch = Node(sketching: element) { sketches.append(sketch) }
            }
        }
        if sketches.count == elements.count { fields.add(WorkflowGraph.issues(of: sketches, at: location)) }
        return fields.issues.count == earlier ? nodes : nil
    }

    /// How many nodes there are, those of bodies included.
    private static func count(_ nodes: [Node]) -> Int { nodes.reduce(0) { $0 + 1 + count($1.body) } }
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
    public init(
        decoding value: JSONValue, at location: @autoclosure @escaping () -> JSONPointer,
        limits: WorkflowLimits = WorkflowLimits()
    ) throws(ValidationError) {
        try self.init(decoding: value, at: location(), in: NodeDecoding(limits: limits))
    }

    init(
        decoding value: JSONValue, at location: @autoclosure @escaping () -> JSONPointer, in context: NodeDecoding
    ) throws(ValidationError) {
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
        let rules = NodeRules.decode(&fields, object, id: id, type: type, config: config, context)
        let issues = fields.finish()
        guard issues.isEmpty, let id, let type else { throw ValidationError(issues) }
        self.init(id: id, type: type, config: config, dependsOn: dependsOn, timeout: timeout, backend: backend)
        self.rules = rules
    }
}
