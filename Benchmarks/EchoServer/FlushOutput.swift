import Glibc

/// Sends what `print` gathered on its way to the one who waits for it.
func flushOutput() {
    fflush(nil)
}
