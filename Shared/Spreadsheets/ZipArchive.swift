import CMinizip

/// The parts of a zip file, read one at a time within the limits. What a file says of its sizes is not believed: bytes are counted as
/// they come.
@safe final class ZipArchive {
    /// A part, as the directory lists it.
    private struct Entry {
        let position: unz64_file_pos
        let packedBytes: Int
    }

    private let handle: unzFile
    private let limits: SpreadsheetLimits
    private var entries: [String: Entry] = [:]
    /// Unpacked bytes so far, of all parts.
    private var unpackedBytes = 0
    /// Of the part that is open.
    private var partBytes = 0
    private var packedBytes = 0
    private var isOpen = false

    private static let longestName = 512

    /// - Parameter path: of a regular file within `fileBytes`; the caller looked.
    init(path: String, limits: SpreadsheetLimits) throws(SpreadsheetError) {
        guard let handle = unsafe path.withCString({ unsafe unzOpen64($0) }) else {
            throw Self.broken
        }
        unsafe self.handle = handle
        self.limits = limits
        try listEntries()
    }

    deinit {
        if isOpen { _ = unsafe unzCloseCurrentFile(handle) }
        _ = unsafe unzClose(handle)
    }

    private func listEntries() throws(SpreadsheetError) {
        var info = unz_global_info64()
        guard unsafe unzGetGlobalInfo64(handle, &info) == UNZ_OK else { throw Self.broken }
        guard info.number_entry <= UInt64(limits.parts) else {
            throw SpreadsheetError(.tooLarge, "压缩包最多 \(limits.parts) 个部件，实际 \(info.number_entry) 个")
        }
        var code = unsafe unzGoToFirstFile(handle)
        while code == UNZ_OK {
            guard entries.count < limits.parts else {
                throw SpreadsheetError(.tooLarge, "压缩包最多 \(limits.parts) 个部件")
            }
            var entry = unz_file_info64()
            var position = unz64_file_pos()
            var name = [CChar](repeating: 0, count: Self.longestName + 1)
            guard
                unsafe unzGetCurrentFileInfo64(
                    handle, &entry, &name, UInt(Self.longestName), nil, 0, nil, 0) == UNZ_OK,
                unsafe unzGetFilePos64(handle, &position) == UNZ_OK,
                entry.size_filename <= Self.longestName,
                let text = String(
                    validating: name.prefix(Int(entry.size_filename)).map(UInt8.init(bitPattern:)),
                    as: UTF8.self)
            else { throw Self.broken }
            guard entry.flag & 1 == 0 else {
                throw SpreadsheetError(.notSpreadsheet, "文件已加密，请去掉密码后再导入")
            }
            // Two parts of one name are read differently by different programs.
            let stored = Entry(
                position: position, packedBytes: Int(clamping: entry.compressed_size))
            guard entries.updateValue(stored, forKey: text) == nil else { throw Self.broken }
            code = unsafe unzGoToNextFile(handle)
        }
        guard code == UNZ_END_OF_LIST_OF_FILE else { throw Self.broken }
    }

    func contains(_ name: String) -> Bool { entries[name] != nil }

    /// Opens a part, and closes the one before. False when there is none of that name.
    func open(_ name: String) throws(SpreadsheetError) -> Bool {
        closePart()
        guard let entry = entries[name] else { return false }
        var position = entry.position
        guard unsafe unzGoToFilePos64(handle, &position) == UNZ_OK,
            unsafe unzOpenCurrentFile(handle) == UNZ_OK
        else { throw Self.broken }
        isOpen = true
        partBytes = 0
        packedBytes = entry.packedBytes
        return true
    }

    private func closePart() {
        if isOpen { _ = unsafe unzCloseCurrentFile(handle) }
        isOpen = false
    }

    /// The next bytes of the open part; nil at its end, when its checksum holds.
    func next() throws(SpreadsheetError) -> [UInt8]? {
        guard isOpen else { return nil }
        let size = 32 << 10
        var result: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            result = unsafe unzReadCurrentFile(handle, buffer.baseAddress, UInt32(size))
            count = max(Int(result), 0)
        }
        guard result >= 0 else { throw Self.broken }
        guard result > 0 else {
            isOpen = false
            guard unsafe unzCloseCurrentFile(handle) == UNZ_OK else { throw Self.broken }
            return nil
        }
        partBytes += bytes.count
        unpackedBytes += bytes.count
        guard unpackedBytes <= limits.unpackedBytes else {
            throw SpreadsheetError(.tooLarge, "解压后最多 \(limits.unpackedBytes) 字节")
        }
        guard partBytes <= 1 << 20 || partBytes / limits.ratio <= packedBytes else {
            throw SpreadsheetError(.tooLarge, "压缩比超过 \(limits.ratio)，不予解压")
        }
        return bytes
    }

    private static let broken = SpreadsheetError(.malformed, "压缩包已损坏，请重新保存后再导入")
}
