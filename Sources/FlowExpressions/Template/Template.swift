public import FlowJSON

/// A JSON value with expressions in its strings, compiled once and rendered as often as needed.
///
/// A string that is one whole `${…}` becomes the expression's value, whatever its type. Otherwise what stands in `${…}` is
/// put into the text: strings as they are, other values as compact JSON. `$${` is a literal `${`. Names of members are
/// never templates. Parts without expressions are passed on as they are, without being copied.
public struct Template: Sendable {
    /// How deep the value may nest.
    private static let maxDepth = 256

    private let part: Part
    /// The variables that the expressions read, in the order of the document.
    public let references: [TemplateReference]

    /// Compiles a template.
    ///
    /// - Parameters:
    ///   - value: the JSON value.
    ///   - options: how its expressions are compiled.
    /// - Throws: ``TemplateErrors`` with all errors, each with its place.
    public init(_ value: JSONValue, options: ExpressionOptions = ExpressionOptions()) throws(TemplateErrors) {
        var compiler = TemplateCompiler(options: options, maxDepth: Self.maxDepth)
        part = compiler.compile(value, at: JSONPointer())
        references = compiler.references
        guard compiler.errors.isEmpty else { throw TemplateErrors(compiler.errors) }
    }

    private init(part: Part) {
        self.part = part
        references = []
    }

    /// A template that is rendered as a value whatever the strings in it hold.
    public static func constant(_ value: JSONValue) -> Template { Template(part: .constant(value)) }

    /// Whether there is no expression in it.
    public var isConstant: Bool { if case .constant = part { true } else { false } }

    /// Renders the template.
    ///
    /// - Parameters:
    ///   - variables: where variables are found.
    ///   - limits: what all its expressions together may cost.
    /// - Returns: the value with every expression replaced.
    /// - Throws: ``EvaluationError`` of the first expression that has no value, or when the template costs too much.
    public func render(
        _ variables: some VariableResolver, limits: EvaluationLimits = EvaluationLimits()
    ) throws(EvaluationError) -> JSONValue {
        if case .constant(let value) = part { return value }
        var frame = Frame(variables, slots: 0, limits: limits)
        return try part.render(&frame)
    }

    /// A piece of a compiled template.
    indirect enum Part: Sendable {
        case constant(JSONValue)
        case expression(CELExpression)
        case text([Segment])
        case array([Part])
        case object([(name: String, part: Part)])

        enum Segment: Sendable {
            case text(String)
            case expression(CELExpression)
        }

        func render(_ frame: inout Frame) throws(EvaluationError) -> JSONValue {
            try frame.step()
            switch self {
            case .constant(let value): return value
            case .expression(let expression):
                let value = try expression.evaluate(&frame)
                return try frame.json(value)
            case .text(let segments):
                var text = ""
                for segment in segments { try Self.append(segment, to: &text, &frame) }
                return .string(text)
            case .array(let parts):
                var elements: [JSONValue] = []
                elements.reserveCapacity(parts.count)
                for (index, part) in parts.enumerated() {
                    do { elements.append(try part.render(&frame)) } catch { throw error.within(.position(index)) }
                }
                return .array(elements)
            case .object(let parts):
                var object = JSONObject()
                for (name, part) in parts {
                    do { object[name] = try part.render(&frame) } catch { throw error.within(.name(name)) }
                }
                return .object(object)
            }
        }

        private static func append(
            _ segment: Segment, to text: inout String, _ frame: inout Frame
        ) throws(EvaluationError) {
            switch segment {
            case .text(let piece):
                try frame.write(piece.utf8.count)
                text += piece
            case .expression(let expression):
                let value = try expression.evaluate(&frame)
                if case .string(let piece) = value {
                    try frame.write(piece.utf8.count)
                    text += piece
                    return
                }
                let json = try frame.json(value)
                if case .string(let piece) = json {
                    try frame.write(piece.utf8.count)
                    text += piece
                    return
                }
                // Values share their parts: the text is measured before it is written.
                let size = JSONMeasure.size(of: json, maxBytes: frame.bytes, maxDepth: Frame.maxDepth)
                switch size.excess {
                case nil: break
                case .size: throw .bytes
                case .depth: throw .depth
                }
                try frame.write(size.bytes)
                text += String(decoding: JSONWriter.bytes(of: json), as: UTF8.self)
            }
        }
    }
}
