// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_matrices_h
#define lsr_tests_support_matrices_h

#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace lsr
{
  inline Block
  random_block(const std::size_t  n,
               const std::size_t  m,
               const unsigned int seed)
  {
    const HostBlock                        A("A", n, m);
    std::mt19937                           engine(seed);
    std::uniform_real_distribution<double> entry(-1, 1);
    for (std::size_t j = 0; j < m; ++j)
      for (std::size_t i = 0; i < n; ++i)
        A(i, j) = entry(engine);
    return to_memory_space(A);
  }

  inline Column
  random_column(const std::size_t n, const unsigned int seed)
  {
    const HostBlock  A = to_host(random_block(n, 1, seed));
    const HostColumn x("x", n);
    std::copy_n(A.data(), n, x.data());
    return to_memory_space(x);
  }

  inline Block
  copy(const Block &A)
  {
    const Block B = make_block(A.extent(0), A.extent(1));
    Kokkos::deep_copy(B, A);
    return B;
  }

  inline Column
  copy(const Column &x)
  {
    const Column y = make_column(x.extent(0));
    Kokkos::deep_copy(y, x);
    return y;
  }

  /// Rows [first, last), copied.
  inline Block
  copied_rows(const Block &A, const std::size_t first, const std::size_t last)
  {
    return copy(
      Block(Kokkos::subview(A, Kokkos::make_pair(first, last), Kokkos::ALL())));
  }

  inline Column
  copied_rows(const Column &x, const std::size_t first, const std::size_t last)
  {
    return copy(Column(Kokkos::subview(x, Kokkos::make_pair(first, last))));
  }

  inline Block
  product(const char   transpose_A,
          const Block &A,
          const char   transpose_B,
          const Block &B)
  {
    const Block C = make_block(A.extent(transpose_A == 'T' ? 1 : 0),
                               B.extent(transpose_B == 'T' ? 0 : 1));
    multiply(1., transpose_A, A, transpose_B, B, 0., C);
    return C;
  }

  inline Column
  product(const char transpose, const Block &A, const Column &x)
  {
    const Column y = make_column(A.extent(transpose == 'T' ? 1 : 0));
    multiply(1., transpose, A, x, 0., y);
    return y;
  }

  /// The largest entry in absolute value.
  inline double
  max_norm(const Block &A)
  {
    const HostBlock a       = to_host(A);
    double          largest = 0;
    for (std::size_t j = 0; j < a.extent(1); ++j)
      for (std::size_t i = 0; i < a.extent(0); ++i)
        // The maximum of a number and NaN must not be the number.
        if (!(std::abs(a(i, j)) <= largest))
          largest = std::abs(a(i, j));
    return largest;
  }

  inline double
  max_norm(const Column &x)
  {
    return max_norm(Block(x.data(), x.extent(0), 1));
  }

  inline double
  max_difference(const Block &A, const Block &B)
  {
    const HostBlock a = to_host(copy(A)), b = to_host(B);
    for (std::size_t j = 0; j < a.extent(1); ++j)
      for (std::size_t i = 0; i < a.extent(0); ++i)
        a(i, j) -= b(i, j);
    return max_norm(to_memory_space(a));
  }

  inline double
  max_difference(const Column &x, const Column &y)
  {
    return max_difference(Block(x.data(), x.extent(0), 1),
                          Block(y.data(), y.extent(0), 1));
  }

  inline Block
  identity(const std::size_t n)
  {
    const HostBlock I("I", n, n);
    for (std::size_t i = 0; i < n; ++i)
      I(i, i) = 1;
    return to_memory_space(I);
  }

  inline double
  departure_from_orthonormality(const Block &Q)
  {
    return max_difference(product('T', Q, 'N', Q), identity(Q.extent(1)));
  }

  /// Monomials at equidistant points: columns that are nearly dependent.
  inline Block
  monomials(const std::size_t n, const std::size_t r)
  {
    const HostBlock A("A", n, r);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < r; ++j)
        A(i, j) = std::pow((i + 1.) / n, double(j));
    return to_memory_space(A);
  }

  /// Orthonormal columns, made by Gram-Schmidt in two rounds.
  inline Block
  random_orthonormal(const std::size_t  n,
                     const std::size_t  r,
                     const unsigned int seed)
  {
    const HostBlock A = to_host(random_block(n, r, seed));
    for (std::size_t j = 0; j < r; ++j)
      {
        for (unsigned int round = 0; round < 2; ++round)
          for (std::size_t k = 0; k < j; ++k)
            {
              double s = 0;
              for (std::size_t i = 0; i < n; ++i)
                s += A(i, k) * A(i, j);
              for (std::size_t i = 0; i < n; ++i)
                A(i, j) -= s * A(i, k);
            }
        double s = 0;
        for (std::size_t i = 0; i < n; ++i)
          s += A(i, j) * A(i, j);
        for (std::size_t i = 0; i < n; ++i)
          A(i, j) /= std::sqrt(s);
      }
    return to_memory_space(A);
  }

  /// U diag(sigma) V^T with random orthonormal U (n rows) and V (m rows).
  inline Block
  with_singular_values(const std::size_t          n,
                       const std::size_t          m,
                       const std::vector<double> &sigma,
                       const unsigned int         seed)
  {
    const HostBlock U = to_host(random_orthonormal(n, sigma.size(), seed));
    for (std::size_t j = 0; j < sigma.size(); ++j)
      for (std::size_t i = 0; i < n; ++i)
        U(i, j) *= sigma[j];
    return product('N',
                   to_memory_space(U),
                   'T',
                   random_orthonormal(m, sigma.size(), seed + 1));
  }

  /// Numbers from 1 down to @p last, equidistant on a logarithmic scale.
  inline std::vector<double>
  decay(const std::size_t n, const double last)
  {
    std::vector<double> s(n);
    for (std::size_t i = 0; i < n; ++i)
      s[i] = std::pow(last, double(i) / (n - 1));
    return s;
  }

  /// The triangle of G and f, with the right hand side -f.
  inline AppendRowsQR
  factor(const Block &G, const Column &f)
  {
    const HostColumn b = to_host(copy(f));
    for (std::size_t i = 0; i < b.extent(0); ++i)
      b(i) *= -1;
    AppendRowsQR qr(G.extent(1));
    qr.append(copy(G), to_memory_space(b));
    return qr;
  }

  /// The squared norm of f + G y.
  inline double
  loss(const Block &G, const Column &f, const Column &y)
  {
    const Column residual = copy(f);
    multiply(1., 'N', G, y, 1., residual);
    return dot(residual, residual);
  }
} // namespace lsr

#endif
