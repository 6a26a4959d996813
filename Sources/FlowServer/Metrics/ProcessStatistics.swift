import FoundationEssentials

/// What the system knows of this process, by the names that Prometheus clients use.
enum ProcessStatistics {
    /// The figures of the moment; none where the system does not tell.
    static func gauges() -> [(name: String, help: String, value: Double)] {
        var gauges: [(String, String, Double)] = []
        if let text = read("/proc/self/statm") {
            let pages = text.split(separator: " ").compactMap { Double($0) }
            if pages.count > 1 {
                gauges.append(("process_resident_memory_bytes", "Resident memory.", pages[1] * 4096))
            }
        }
        if let text = read("/proc/self/stat"), let end = text.lastIndex(of: ")") {
            let fields = text[end...].split(separator: " ").dropFirst().map { Double($0) ?? 0 }
            // Fields 14 and 15 of proc(5), in ticks of a hundredth of a second; the list starts with field 3.
            if fields.count > 12 {
                gauges.append(("process_cpu_seconds_total", "Processor time.", (fields[11] + fields[12]) / 100))
            }
        }
        return gauges
    }

    private static func read(_ path: String) -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
