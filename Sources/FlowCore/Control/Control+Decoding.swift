import FlowExpressions
import FlowJSON

/// What surrounds a node that is being read.
struct NodeDecoding {
    var limits: WorkflowLimits
    /// How many bodies the node is in.
    var depth = 0
}

extension Control {
    /// Reads the configuration of a node that directs others.
    ///
    /// - Parameter outer: Takes the issues.
    static func decode(
        _ type: ControlType, _ config: JSONObject, at place: JSONPointer, _ context: NodeDecoding,
        _ outer: inout FieldReader
    ) -> Control? {
        var fields = FieldReader(config, at: place)
        let control: Control? =
            switch type {
            case .condition: condition(&fields)
            case .approval: approval(&fields)
            case .forEach: forEach(&fields, context)
            case .loop: loop(&fields, context)
            case .workflow: child(&fields)
            }
        let issues = fields.finish()
        outer.add(issues)
        return issues.isEmpty ? control : nil
    }

    private static func condition(_ fields: inout FieldReader) -> Control? {
        fields.require("routes")
        guard let elements = fields.array("routes") else { return nil }
        if elements.isEmpty { fields.refuse("routes", "a condition needs at least one route") }
        var routes: [Route] = []
        for (index, element) in elements.enumerated() {
            let place = fields.pointer("routes").appending(index)
            guard let object = element.object else {
                fields.add(ValidationIssue(place, "expected a route object, found \(element.typeName)"))
                continue
            }
            var route = FieldReader(object, at: place)
            route.require("to")
            let when = route.expression("when")
            let target = route.value("to", expected: "the id of a node") { $0.string.flatMap(NodeID.init(checking:)) }
            if object["when"] == nil, index < elements.count - 1 {
                route.add(ValidationIssue(place, "a route without a condition hides those behind it"))
            }
            fields.add(route.finish())
            if let target { routes.append(Route(when: when, target: target)) }
        }
        return .condition(routes)
    }

    private static func approval(_ fields: inout FieldReader) -> Control? {
        let prompt = fields.template("prompt")
        return .approval(Approval(prompt: prompt, fallback: fields.value("default")))
    }

    private static func forEach(_ fields: inout FieldReader, _ context: NodeDecoding) -> Control? {
        fields.require("items")
        let items = fields.template("items")
        if let source = items?.source {
            switch source {
            case .array, .string: break
            default: fields.refuse("items", "expected a list or a template of one, found \(source.typeName)")
            }
        }
        let body = body(&fields, context)
        let maxParallel = fields.integer("max_parallel", in: 1...context.limits.maxParallel)
        let policy = itemErrorPolicy(&fields)
        guard let items, let body else { return nil }
        return .forEach(ForEach(items: items, body: body, maxParallel: maxParallel, onItemError: policy ?? .fail))
    }

    private static func itemErrorPolicy(_ fields: inout FieldReader) -> ItemErrorPolicy? {
        guard let value = fields.value("on_item_error") else { return nil }
        switch value {
        case .string("fail"): return .fail
        case .string("continue"): return .replace(.null)
        case .object(let object):
            let place = fields.pointer("on_item_error")
            var inner = FieldReader(object, at: place)
            inner.require("continue_with")
            let replacement = inner.value("continue_with")
            fields.add(inner.finish())
            return replacement.map { .replace($0) }
        default:
            fields.refuse(
                "on_item_error",
                "expected \"fail\", \"continue\" or {\"continue_with\": value}, found \(FieldReader.excerpt(value))")
            return nil
        }
    }

    private static func loop(_ fields: inout FieldReader, _ context: NodeDecoding) -> Control? {
        let body = body(&fields, context)
        let condition = fields.expression("while")
        let until = fields.expression("until")
        fields.require("max_iterations")
        let maxIterations = fields.integer("max_iterations", in: 1...context.limits.iterations)
        guard let body, let maxIterations else { return nil }
        return .loop(Loop(body: body, condition: condition, until: until, maxIterations: maxIterations))
    }

    private static func child(_ fields: inout FieldReader) -> Control? {
        fields.require("definition")
        let definition = fields.value("definition", expected: "the name of a definition, or NAME@VERSION") {
            $0.string.flatMap(DefinitionReference.init(checking:))
        }
        let variables = fields.template("variables")
        if let source = variables?.source {
            switch source {
            case .object, .string: break
            default: fields.refuse("variables", "expected an object or a template of one, found \(source.typeName)")
            }
        }
        return definition.map { .workflow(Child(definition: $0, variables: variables)) }
    }

    private static func body(_ fields: inout FieldReader, _ context: NodeDecoding) -> Body? {
        fields.require("nodes")
        let output = fields.template("output")
        guard let elements = fields.array("nodes") else { return nil }
        guard context.depth < context.limits.depth else {
            fields.refuse("nodes", "bodies nest deeper than the limit of \(context.limits.depth)")
            return nil
        }
        var inner = context
        inner.depth += 1
        guard let nodes = Workflow.decodeNodes(elements, &fields, inner) else { return nil }
        return Body(graph: WorkflowGraph(Workflow(name: "body", nodes: nodes)), output: output)
    }
}
