internal import FlowJSON

/// Finds and compiles the expressions in a JSON value.
struct TemplateCompiler {
    let options: ExpressionOptions
    let maxDepth: Int
    private(set) var errors: [TemplateError] = []
    private(set) var references: [TemplateReference] = []

    init(options: ExpressionOptions, maxDepth: Int) {
        self.options = options
        self.maxDepth = maxDepth
    }

    /// Compiles a value. Parts without expressions stay the values that they are, unless they hold a `$${`.
    mutating func compile(_ value: JSONValue, at pointer: JSONPointer) -> Template.Part {
        compileValue(value, at: pointer).part
    }

    /// A compiled part, and whether it is the value itself.
    private typealias Compiled = (part: Template.Part, isSame: Bool)

    private mutating func compileValue(_ value: JSONValue, at pointer: JSONPointer) -> Compiled {
        switch value {
        case .string(let text):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return (.constant(value), true) }
            let part = compile(text, at: pointer)
            return (part, part.constant == value)
        case .array(let elements):
            guard enter(pointer) else { return (.constant(value), true) }
            var parts: [Template.Part] = []
            var isSame = true
            for (index, element) in elements.enumerated() {
                let compiled = compileValue(element, at: pointer.appending(index))
                parts.append(compiled.part)
                isSame = isSame && compiled.isSame
            }
            if isSame { return (.constant(value), true) }
            let constants = parts.compactMap(\.constant)
            return (constants.count == parts.count ? .constant(.array(constants)) : .array(parts), false)
        case .object(let members):
            guard enter(pointer) else { return (.constant(value), true) }
            var parts: [(name: String, part: Template.Part)] = []
            var isSame = true
            for member in members.members {
                let compiled = compileValue(member.value, at: pointer.appending(member.name))
                parts.append((member.name, compiled.part))
                isSame = isSame && compiled.isSame
            }
            if isSame { return (.constant(value), true) }
            var object = JSONObject()
            for (name, part) in parts {
                guard let constant = part.constant else { return (.object(parts), false) }
                object[name] = constant
            }
            return (.constant(.object(object)), false)
        default: return (.constant(value), true)
        }
    }

    private mutating func enter(_ pointer: JSONPointer) -> Bool {
        guard pointer.tokens.count >= maxDepth else { return true }
        let error = ExpressionError("the value nests deeper than \(maxDepth) levels", column: 1, offset: 0)
        errors.append(TemplateError(pointer: pointer, error: error))
        return false
    }

    private mutating func compile(_ text: String, at pointer: JSONPointer) -> Template.Part {
        let bytes = Array(text.utf8)
        var segments: [Template.Part.Segment] = []
        var plain: [UInt8] = []
        var position = 0
        var counter = Lexer(bytes)
        func starts(_ mark: String, _ offset: Int) -> Bool { bytes[offset...].starts(with: mark.utf8) }
        while position < bytes.count {
            if starts("$${", position) {
                plain += "${".utf8
                position += 3
            } else if starts("${", position) {
                if !plain.isEmpty { segments.append(.text(String(decoding: plain, as: UTF8.self))) }
                plain = []
                do throws(ExpressionError) {
                    // Columns are counted once over the text, however many expressions it holds.
                    let start = counter.place(position + 2)
                    let (syntax, end) = try Parser.parseEmbedded(bytes, from: start, options: options)
                    let source = String(decoding: bytes[start.offset..<(end.offset - 1)], as: UTF8.self)
                    let expression = try CELExpression(syntax, source: source, options: options)
                    references += expression.references.map { TemplateReference(pointer: pointer, reference: $0) }
                    segments.append(.expression(expression))
                    position = end.offset
                } catch {
                    // Where the expression ends is not known: nothing behind it can be told.
                    errors.append(TemplateError(pointer: pointer, error: error))
                    return .constant(.string(text))
                }
            } else {
                plain.append(bytes[position])
                position += 1
            }
        }
        if !plain.isEmpty { segments.append(.text(String(decoding: plain, as: UTF8.self))) }
        switch segments.count {
        case 0: return .constant(.string(""))
        case 1:
            switch segments[0] {
            case .text(let text): return .constant(.string(text))
            case .expression(let expression): return .expression(expression)
            }
        default: return .text(segments)
        }
    }
}

extension Template.Part {
    /// The value, when there is no expression in the part.
    var constant: JSONValue? { if case .constant(let value) = self { value } else { nil } }
}
