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

    mutating func compile(_ value: JSONValue, at pointer: JSONPointer) -> Template.Part {
        switch value {
        case .string(let text):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return .constant(value) }
            return compile(text, at: pointer)
        case .array(let elements):
            guard enter(pointer) else { return .constant(value) }
            var parts: [Template.Part] = []
            for (index, element) in elements.enumerated() {
                parts.append(compile(element, at: pointer.appending(index)))
            }
            return parts.allSatisfy(\.isConstant) ? constant(value, parts) : .array(parts)
        case .object(let members):
            guard enter(pointer) else { return .constant(value) }
            var parts: [(name: String, part: Template.Part)] = []
            for member in members.members {
                parts.append((member.name, compile(member.value, at: pointer.appending(member.name))))
            }
            return parts.allSatisfy { $0.part.isConstant } ? constant(value, parts) : .object(parts)
        default: return .constant(value)
        }
    }

    private mutating func enter(_ pointer: JSONPointer) -> Bool {
        guard pointer.tokens.count >= maxDepth else { return true }
        let error = ExpressionError("the value nests deeper than \(maxDepth) levels", column: 1, offset: 0)
        errors.append(TemplateError(pointer: pointer, error: error))
        return false
    }

    /// The value itself, unless one of its constants is another one than was written, as `$${` is.
    private func constant(_ value: JSONValue, _ parts: [Template.Part]) -> Template.Part {
        guard case .array(let elements) = value else { return .constant(value) }
        var changed = elements
        var isSame = true
        for (index, part) in parts.enumerated() {
            guard case .constant(let constant) = part, constant != elements[index] else { continue }
            changed[index] = constant
            isSame = false
        }
        return .constant(isSame ? value : .array(changed))
    }

    private func constant(_ value: JSONValue, _ parts: [(name: String, part: Template.Part)]) -> Template.Part {
        guard case .object(var members) = value else { return .constant(value) }
        var isSame = true
        for (name, part) in parts {
            guard case .constant(let constant) = part, constant != members[name] else { continue }
            members[name] = constant
            isSame = false
        }
        return .constant(isSame ? value : .object(members))
    }

    private mutating func compile(_ text: String, at pointer: JSONPointer) -> Template.Part {
        let bytes = Array(text.utf8)
        var segments: [Template.Part.Segment] = []
        var plain: [UInt8] = []
        var position = 0
        func starts(_ mark: String, _ offset: Int) -> Bool { bytes[offset...].starts(with: mark.utf8) }
        while position < bytes.count {
            if starts("$${", position) {
                plain += "${".utf8
                position += 3
            } else if starts("${", position) {
                if !plain.isEmpty { segments.append(.text(String(decoding: plain, as: UTF8.self))) }
                plain = []
                do throws(ExpressionError) {
                    let (syntax, end) = try Parser.parseEmbedded(bytes, from: position + 2, options: options)
                    let source = String(decoding: bytes[(position + 2)..<(end - 1)], as: UTF8.self)
                    let expression = try CELExpression(syntax, source: source, options: options)
                    references += expression.references.map { TemplateReference(pointer: pointer, reference: $0) }
                    segments.append(.expression(expression))
                    position = end
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
    var isConstant: Bool { if case .constant = self { true } else { false } }
}
