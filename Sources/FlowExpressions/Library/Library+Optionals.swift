extension Library {
    /// The functions of optional values.
    mutating func addOptionals() {
        global("optional.of") { value, _ in .optional(CELOptional(value)) }
        global("optional.none", count: 0) { _, _ in .optional(.none) }
        global("optional.ofNonZeroValue") { value, _ in
            .optional(value.isZero ? .none : CELOptional(value))
        }
        method("hasValue") { value, _ throws(EvaluationError) in
            guard case .optional(let optional) = value else { throw .noSuchOverload("hasValue", value) }
            return .bool(optional.value != nil)
        }
        method("value") { value, _ throws(EvaluationError) in
            guard case .optional(let optional) = value else { throw .noSuchOverload("value", value) }
            guard let inner = optional.value else {
                throw EvaluationError(.invalidArgument, "the optional has no value")
            }
            return inner
        }
        method("or") { value, other, _ throws(EvaluationError) in
            guard case .optional(let optional) = value, case .optional = other else {
                throw .noSuchOverload("or", value, other)
            }
            return optional.value == nil ? other : value
        }
        method("orValue") { value, other, _ throws(EvaluationError) in
            guard case .optional(let optional) = value else { throw .noSuchOverload("orValue", value, other) }
            return optional.value ?? other
        }
        for name in ["optional.unwrap", "unwrapOpt"] {
            let unwrap: @Sendable (CELValue, inout Frame) throws(EvaluationError) -> CELValue = {
                value, frame throws(EvaluationError) in
                guard case .list(let list) = value else { throw .noSuchOverload(name, value) }
                var values: [CELValue] = []
                for index in 0..<list.count {
                    try frame.makeElements(1)
                    guard case .optional(let optional) = list[index] else { throw .noSuchOverload(name, list[index]) }
                    if let inner = optional.value { values.append(inner) }
                }
                return .list(.values(values))
            }
            if name == "unwrapOpt" { method(name, unwrap) } else { global(name, unwrap) }
        }
    }
}

extension CELValue {
    /// Whether the value is its type's zero: empty, nothing or null.
    fileprivate var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .uint(let number): number == 0
        case .double(let number): number == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let list): list.count == 0
        case .map(let map): map.count == 0
        case .timestamp(let time): time.seconds == 0 && time.nanoseconds == 0
        case .duration(let span): span.nanoseconds == 0
        case .type: false
        case .optional(let optional): optional.value == nil
        }
    }
}
