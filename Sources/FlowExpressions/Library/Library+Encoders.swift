extension Library {
    /// The functions of `base64`.
    mutating func addEncoders() {
        global("base64.encode") { value, frame throws(EvaluationError) in
            guard case .bytes(let bytes) = value else { throw .noSuchOverload("base64.encode", value) }
            try frame.write(bytes.count / 3 * 4 + 4)
            return .string(Base64.encode(bytes))
        }
        global("base64.decode") { value, frame throws(EvaluationError) in
            guard case .string(let text) = value else { throw .noSuchOverload("base64.decode", value) }
            try frame.write(text.utf8.count)
            guard let bytes = Base64.decode(text) else {
                throw EvaluationError(.invalidArgument, "the text is no Base64")
            }
            return .bytes(bytes)
        }
    }
}
