// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// For tests that clang compiles and that deal.II, compiled by GCC, is linked
// to: the two write a template whose return type is
// std::enable_if<std::is_same<...>::value> under different names. Clang's lead
// to GCC's.
#define LSR_NAME(clang, gcc) \
  __asm__(".globl " clang "\n" clang ": jmp " gcc "@PLT\n")

#define LSR_PRODUCT(function, vector, of_clang, of_gcc)                            \
  LSR_NAME(                                                                        \
    "_ZNK6dealii16TrilinosWrappers12SparseMatrix" function "I" vector              \
    "EENSt9enable_ifIXsr3std7is_sameINT_10value_typeEdEE5valueEvE4typeER" of_clang \
    "RK" of_clang,                                                                 \
    "_ZNK6dealii16TrilinosWrappers12SparseMatrix" function "I" vector              \
    "EENSt9enable_ifIXsrSt7is_sameINT_10value_typeEdE5valueEvE4typeER" of_gcc      \
    "RK" of_gcc)

#define LSR_DISTRIBUTED \
  "NS_13LinearAlgebra11distributed6VectorIdNS_11MemorySpace4HostEEE"

LSR_PRODUCT("5vmult", LSR_DISTRIBUTED, "SA_", "SB_");
LSR_PRODUCT("6Tvmult", LSR_DISTRIBUTED, "SA_", "SB_");
LSR_PRODUCT("5vmult", "NS0_3MPI6VectorE", "S6_", "S7_");
LSR_PRODUCT("5vmult", "NS_6VectorIdEE", "S6_", "S7_");
LSR_NAME(
  "_ZN6dealii16TrilinosWrappers12SparseMatrix6reinitINS_22DynamicSparsityPatternEEENSt9enable_ifIXntsr3std7is_sameIT_NS_12SparseMatrixIdEEEE5valueEvE4typeERKNS_8IndexSetESC_RKS5_RKP19ompi_communicator_tb",
  "_ZN6dealii16TrilinosWrappers12SparseMatrix6reinitINS_22DynamicSparsityPatternEEENSt9enable_ifIXntsrSt7is_sameIT_NS_12SparseMatrixIdEEE5valueEvE4typeERKNS_8IndexSetESE_RKS6_RKP19ompi_communicator_tb");
