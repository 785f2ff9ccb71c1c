// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_refined_file_h
#define lsr_network_refined_file_h

#include <lsr/network/network.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/zip_archive.h"

namespace lsr
{
  /**
   * The file of a refined network
   * @f[
   *   q(x) = N_\theta(x) + J_\theta(x)\,\Delta\theta
   *          + \sum_k J_{\theta_k}(x)\,\Delta\theta_k
   * @f]
   * with the file of the network $N$, as it was, inside: a zip archive that
   * PyTorch does not take for $N$. doc/file-formats.md describes it.
   */
  struct RefinedFile
  {
    /// The bytes of the file of $N$, of whatever format.
    std::string network;

    Network::Scaling scaling;

    /// How forward() is called, see Network::Inputs.
    std::string input_names;

    /// Sizes of a sample, see Network::Inputs; empty for functions of points.
    std::vector<std::size_t> sample_sizes;

    /// Inputs and outputs; 0: not known.
    unsigned int n_inputs = 0, n_outputs = 0;

    /// Names and sizes of the tensors that $\theta$ is made of, in their order;
    /// empty: not known.
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> parameters;

    /// $\theta$; empty: those of the file of $N$.
    std::vector<double> theta;

    /// $\Delta\theta$; empty: zero.
    std::vector<double> correction;

    /// $\theta_k$ and $\Delta\theta_k$.
    std::vector<std::pair<std::vector<double>, std::vector<double>>> earlier;

    /// Further texts, by name.
    std::map<std::string, std::string> extra_files;

    /// The content of the file.
    std::string
    to_bytes() const;

    /**
     * Read what to_bytes() returned, or a refined network of earlier
     * releases: a TorchScript archive with a correction inside. Nothing if
     * @p bytes are something else. Throws lsr::Error with @p name in front if
     * they are damaged or of a later version.
     */
    static std::optional<RefinedFile>
    read(const std::string &bytes, const std::string &name);

    /// Throw lsr::Error if these, where they are not empty, are others than
    /// those inside, which are part of the network.
    void
    check(const Network::Scaling         &given_scaling,
          const std::string              &given_input_names,
          const std::vector<std::size_t> &given_sample_sizes) const;
  };



  /// The text that Network::save() stored under @p name; empty if there is
  /// none.
  std::string
  read_extra_file(const ZipArchive &archive, const std::string &name);
} // namespace lsr

#endif
