// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_make_tangent_basis_h
#define lsr_refine_make_tangent_basis_h

#include <lsr/refine/tangent_basis.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace lsr
{
  /// Which tangent basis, and how large: what a program reads from its user.
  struct TangentBasisParameters
  {
    /// The values of @p type, separated by bars.
    static constexpr const char *types = "structured|rsvd|landmark|parameters";

    std::string type = "structured";

    /// Number $r$ of directions.
    std::size_t n_directions = 1000;

    /// rsvd: columns of the sketch beyond the directions.
    std::size_t oversampling = 10;

    /// rsvd: points of the sample to build the subspace from, picked at random;
    /// 0 means as many as give 1000 rows more than there are directions.
    std::size_t n_sample_points = 0;

    /// rsvd: divide each direction by its singular value.
    bool scale_by_inverse_singular_values = false;

    /// rsvd: arithmetic of the sketch.
    Precision precision = Precision::float64;

    std::uint64_t seed = 0;

    /// What of these randomized_svd() needs.
    RandomizedSVD
    randomized_svd() const;
  };

  /**
   * The tangent basis that the parameters ask for.
   *
   * @p sample are points (inputs of the network $\times$ their number) from
   * which `rsvd` and `landmark` take theirs; the other types do not look at
   * them. They must be the same on all ranks: every rank then builds the same
   * basis, and nothing communicates.
   *
   * The wall times of the stages `sketch`, `project` and `svd` are added to
   * @p seconds; a basis that is merely drawn counts as `sketch`.
   *
   * Throws lsr::Error for an unknown type, or a number of directions that the
   * network or the sample does not have.
   */
  std::unique_ptr<TangentBasis>
  make_tangent_basis(const Network                 &network,
                     const TangentBasisParameters  &parameters,
                     const Block                   &sample,
                     std::map<std::string, double> *seconds = nullptr);
} // namespace lsr

#endif
