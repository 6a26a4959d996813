public import FlowJSON

extension Frame {
    /// A value as JSON. What came from JSON is passed on as it is.
    ///
    /// - Throws: ``EvaluationError`` when the value has no form in JSON, or costs too much.
    mutating func json(_ value: CELValue, depth: Int = 0) throws(EvaluationError) -> JSONValue {
        switch value {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .integer(number)
        case .uint(let number):
            guard let integer = Int64(exactly: number) else {
                throw EvaluationError(.notJSON, "the number \(number) is beyond the integers of JSON documents")
            }
            return .integer(integer)
        case .double(let number):
            guard number.isFinite else {
                throw EvaluationError(.notJSON, "JSON has no number \(Formatter.shortest(number))")
            }
            return .double(number)
        case .string(let text): return .string(text)
        case .bytes(let bytes):
            try write(bytes.count / 3 * 4 + 4)
            return .string(Base64.encode(bytes))
        case .list(.json(let elements)): return .array(elements)
        case .map(.json(let members)): return .object(members)
        case .list(.values(let elements)):
            try enter(depth)
            var array: [JSONValue] = []
            try makeElements(elements.count)
            array.reserveCapacity(elements.count)
            for element in elements {
                try step()
                array.append(try json(element, depth: depth + 1))
            }
            return .array(array)
        case .map(let map):
            try enter(depth)
            var object = JSONObject()
            for key in map.keys {
                try step()
                try makeElements(2)
                let name = try name(of: key)
                guard object.add(name, try json(map.value(key) ?? .null, depth: depth + 1)) else {
                    throw EvaluationError(.notJSON, "two keys of the map are the same as text")
                }
            }
            return .object(object)
        case .timestamp(let time): return .string(time.description)
        case .duration(let span): return .string(span.description)
        case .type(let type): return .string(type.name)
        case .optional(let optional):
            guard let inner = optional.value else { return .null }
            return try json(inner, depth: depth + 1)
        }
    }

    private func name(of key: CELValue) throws(EvaluationError) -> String {
        switch key {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .uint(let number): String(number)
        default: throw EvaluationError(.notJSON, "JSON has no key of type \(key.type)")
        }
    }
}

extension CELValue {
    /// The value as JSON: timestamps and durations as text, bytes as Base64, an absent value as null.
    ///
    /// - Parameter limits: what the conversion may cost.
    /// - Returns: the value as JSON.
    /// - Throws: ``EvaluationError`` when the value has no form in JSON, or costs too much.
    public func json(limits: EvaluationLimits = EvaluationLimits()) throws(EvaluationError) -> JSONValue {
        var frame = Frame([String: CELValue](), slots: 0, limits: limits)
        return try frame.json(self)
    }
}
