extension Library {
    /// Conversions between types, `type` and `dyn`.
    mutating func addConversions() {
        global("dyn") { value, _ in value }
        global("type") { value, _ in .type(value.type) }
        global("bool") { value, frame throws(EvaluationError) in try Self.bool(value, &frame) }
        global("int") { value, frame throws(EvaluationError) in try Self.int(value, &frame) }
        global("uint") { value, frame throws(EvaluationError) in try Self.uint(value, &frame) }
        global("double") { value, frame throws(EvaluationError) in try Self.double(value, &frame) }
        global("string") { value, frame throws(EvaluationError) in try Self.string(value, &frame) }
        global("bytes") { value, frame throws(EvaluationError) in
            switch value {
            case .bytes: return value
            case .string(let text):
                try frame.write(text.utf8.count)
                return .bytes(Array(text.utf8))
            default: throw .noSuchOverload("bytes", value)
            }
        }
    }

    private static func bool(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> CELValue {
        switch value {
        case .bool: return value
        case .string(let text):
            try frame.read(text.utf8.count)
            switch text {
            case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
            case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
            default: throw malformed(.bool)
            }
        default: throw .noSuchOverload("bool", value)
        }
    }

    private static func int(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> CELValue {
        switch value {
        case .int: return value
        case .uint(let number):
            guard let integer = Int64(exactly: number) else { throw range(.int) }
            return .int(integer)
        case .double(let number):
            // The bounds themselves are out: they may stand for integers beyond them.
            guard number > -0x1p63, number < 0x1p63 else { throw range(.int) }
            return .int(Int64(number))
        case .string(let text):
            try frame.read(text.utf8.count)
            guard let number = Int64(text) else { throw malformed(.int) }
            return .int(number)
        case .timestamp(let time): return .int(time.seconds)
        default: throw .noSuchOverload("int", value)
        }
    }

    private static func uint(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> CELValue {
        switch value {
        case .uint: return value
        case .int(let number):
            guard let integer = UInt64(exactly: number) else { throw range(.uint) }
            return .uint(integer)
        case .double(let number):
            guard number >= 0, number < 0x1p64 else { throw range(.uint) }
            return .uint(UInt64(number))
        case .string(let text):
            try frame.read(text.utf8.count)
            guard let number = UInt64(text) else { throw malformed(.uint) }
            return .uint(number)
        default: throw .noSuchOverload("uint", value)
        }
    }

    private static func double(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> CELValue {
        switch value {
        case .double: return value
        case .int(let number): return .double(Double(number))
        case .uint(let number): return .double(Double(number))
        case .string(let text):
            try frame.read(text.utf8.count)
            guard let number = Double(text) else { throw malformed(.double) }
            // A text of digits that is read as infinite is a number beyond the range.
            if number.isInfinite, text.utf8.contains(where: Lexer.isDigit) { throw range(.double) }
            return .double(number)
        default: throw .noSuchOverload("double", value)
        }
    }

    private static func string(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> CELValue {
        switch value {
        case .string: return value
        case .bool(let flag): return .string(flag ? "true" : "false")
        case .int(let number): return .string(String(number))
        case .uint(let number): return .string(String(number))
        case .double(let number): return .string(Formatter.shortest(number))
        case .bytes(let bytes):
            try frame.write(bytes.count)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw EvaluationError(.invalidArgument, "the bytes are no UTF-8")
            }
            return .string(text)
        case .timestamp(let time): return .string(time.description)
        case .duration(let span): return .string(span.description)
        case .type(let type): return .string(type.name)
        default: throw .noSuchOverload("string", value)
        }
    }

    private static func range(_ type: CELType) -> EvaluationError {
        EvaluationError(.overflow, "the number is beyond the range of \(type)")
    }

    private static func malformed(_ type: CELType) -> EvaluationError {
        EvaluationError(.invalidArgument, "the string is no \(type)")
    }
}
