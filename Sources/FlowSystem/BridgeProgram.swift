import CBridge

/// The Python program that the binary carries.
package enum BridgeProgram {
    /// What the interpreter is started with.
    package static let loader = all[0].source
    /// The modules that it is given then.
    package static let modules = Array(all.dropFirst())

    private static let all = (0..<flow_module_count()).map { index in
        let module = flow_module_at(index)
        // Safe because modules are constants of the program.
        let bytes = UnsafeBufferPointer(start: module.bytes, count: module.size)
        return (name: String(cString: module.name), source: String(decoding: bytes, as: UTF8.self))
    }
}
