extension Frame {
    /// The member of that name, which has to exist. Of an optional it is an optional.
    func select(_ name: String, of value: CELValue) throws(EvaluationError) -> CELValue {
        switch value {
        case .map(let map):
            guard let member = try map.member(name) else { throw EvaluationError.noSuchKey(.string(name)) }
            return member
        case .optional: return .optional(CELOptional(try find(.string(name), in: value)))
        default: throw EvaluationError.noMember(name, of: value)
        }
    }

    /// The element of a list or the value of a key, which has to exist. Of an optional it is an optional.
    func index(_ key: CELValue, of value: CELValue) throws(EvaluationError) -> CELValue {
        switch value {
        case .map(let map):
            guard let found = try map.value(key) else { throw EvaluationError.noSuchKey(key) }
            return found
        case .list(let list):
            let position = try Self.position(key)
            guard position >= 0, position < list.count else {
                throw EvaluationError(
                    .indexOutOfRange, "index out of range: \(position), the list has \(list.count) elements")
            }
            return list[Int(position)]
        case .optional: return .optional(CELOptional(try find(key, in: value)))
        default: throw EvaluationError.noSuchOverload("_[_]", value, key)
        }
    }

    /// The element or value, `nil` when there is none.
    func find(_ key: CELValue, in value: CELValue) throws(EvaluationError) -> CELValue? {
        switch value {
        case .map(let map): return try map.value(key)
        case .list(let list):
            let position = try Self.position(key)
            return position >= 0 && position < list.count ? list[Int(position)] : nil
        case .optional(let optional):
            guard let inner = optional.value else { return nil }
            return try find(key, in: inner)
        default:
            if case .string(let name) = key { throw EvaluationError.noMember(name, of: value) }
            throw EvaluationError.noSuchOverload("_[_]", value, key)
        }
    }

    private static func position(_ key: CELValue) throws(EvaluationError) -> Int64 {
        switch key {
        case .int(let number): return number
        case .uint(let number): return Int64(clamping: number)
        case .double(let number):
            if let exact = Int64(exactly: number) { return exact }
        default: break
        }
        throw EvaluationError(.invalidArgument, "a list has no element at \(key.shortDescription)")
    }
}

extension EvaluationError {
    static func noSuchKey(_ key: CELValue) -> EvaluationError {
        EvaluationError(.noSuchKey, "no such key: \(key.shortDescription)")
    }

    static func noMember(_ name: String, of value: CELValue) -> EvaluationError {
        EvaluationError(.noSuchOverload, "\(value.type) has no member '\(name.shortened)'")
    }
}

extension CELValue {
    /// The value as errors show it.
    var shortDescription: String {
        switch self {
        case .double(let number): number.description
        default: MapKey(self)?.text ?? "a value of type \(type)"
        }
    }
}
