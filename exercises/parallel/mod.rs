//! Chapter `parallel`: all processors: Rayon, order and bounded memory, a stage a file.
