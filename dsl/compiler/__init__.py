"""The compiler: from checked programs to machine code, through LLVM."""
