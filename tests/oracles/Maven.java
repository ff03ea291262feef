// Copyright (c) 2026, the infosec.principles authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Maven's ComparableVersion (java -cp maven-artifact.jar:commons-lang3.jar Maven.java): reads pairs, writes how they compare.
import java.util.Scanner;
import org.apache.maven.artifact.versioning.ComparableVersion;

public class Maven {
    public static void main(String[] args) {
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            String[] pair = lines.nextLine().split("\t");
            System.out.println(Integer.signum(new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]))));
        }
    }
}
